//! Sentences that say several facts of a record at once, by domain and shape. A slot is the first name of a field.

/// The sentences for a shape.
pub fn of(domain: &str, shape: &str) -> &'static [&'static str] {
    STORIES.iter().find(|(d, s, _)| (*d, *s) == (domain, shape)).map_or(&[], |(_, _, stories)| stories)
}

const STORIES: &[(&str, &str, &[&str])] = &[
    (
        "orders",
        "order",
        &[
            "{customer} would like {items}, to arrive by {deliver_by}",
            "on {order_date} {customer} ordered {items}",
            "please send {items} to {ship_to}",
            "{customer} owes us {total} for order {order_id}",
            "order {order_id} of {order_date} comes to {total}",
            "can {customer} have {items}?",
        ],
    ),
    (
        "invoices",
        "invoice",
        &[
            "{issuer} bills {recipient} {total_due}, payable by {due_date}",
            "invoice {invoice_number} from {issuer}, dated {issue_date}, is over {total_due}",
            "{issuer} charged us {net_amount} plus {vat_rate} tax for {line_items}",
            "we owe {issuer} {total_due} until {due_date}",
        ],
    ),
    (
        "returns",
        "return-request",
        &[
            "the {product} that I ordered on {purchase_date} for {refund_amount} has to go back",
            "on {purchase_date} I paid {refund_amount} for a {product}",
            "order {order_id}, the {product}: I want my {refund_amount} back",
        ],
    ),
    (
        "inventory",
        "stock-item",
        &[
            "there are {on_hand} of the {name} left in {bin}",
            "we counted {on_hand} pieces of {sku} on {last_counted}",
            "{supplier} sells us the {name} ({sku}), {weight_kg} apiece",
            "order more {name} from {supplier} once fewer than {reorder_level} are left",
        ],
    ),
    (
        "auctions",
        "lot",
        &[
            "{bidder} got the {title} for {hammer_price}",
            "lot {lot_number}, a {title}, starts at {starting_bid} on {closing_date}",
            "after {bid_count} bids the {title} went to {bidder}",
        ],
    ),
    (
        "subscriptions",
        "subscription",
        &[
            "{subscriber} pays {monthly_fee} a month for {seats} seats",
            "{subscriber}'s plan goes on at {monthly_fee} from {renews_on}",
            "send {subscriber}'s invoices to {email}",
        ],
    ),
    (
        "wholesale",
        "quote",
        &[
            "{company} needs {items} within {lead_time_days} days",
            "we offered {company} {items} with {discount} off, good until {valid_until}",
        ],
    ),
    (
        "marketplaces",
        "classified-ad",
        &[
            "my {title} is looking for a new home, {asking_price}, collect it in {pickup_city}",
            "{seller} lets the {title} go for {asking_price}",
            "for {asking_price} you get the {title} with {includes}",
        ],
    ),
    (
        "medical notes",
        "visit-note",
        &[
            "{patient} ({age}) came to {doctor} with {symptoms}",
            "{age}-year-old with {symptoms} and a temperature of {temperature_c}",
            "{doctor} put {patient} on {medication}",
            "{patient} is to be seen again on {follow_up}",
        ],
    ),
    (
        "pharmacy",
        "prescription",
        &[
            "{prescriber} wants {patient} to take {drug}, {dose_mg} mg",
            "{tablets} tablets of {drug} {dose_mg} mg for {patient}, until {valid_until}",
        ],
    ),
    (
        "appointments",
        "booking",
        &[
            "{name} would like a {service} on {date} at {time}",
            "could {with} do a {service} for {name} on {date}?",
            "{name} comes in for {duration_minutes} minutes on {date}, starting at {time}",
        ],
    ),
    (
        "laboratories",
        "lab-result",
        &["sample {sample_id} of {patient} was drawn {collected_at}", "{technician} found {results} in {sample_id}"],
    ),
    (
        "veterinary",
        "animal-patient",
        &[
            "{owner} came by with {name}, {weight_kg}, for {treatment}",
            "{name}, born {born_on}, had {treatment} for {fee}",
            "we charged {owner} {fee} for {treatment}",
        ],
    ),
    (
        "fitness",
        "workout",
        &[
            "{athlete} managed {distance_km} in {duration_minutes} minutes on {date}",
            "on {date} {athlete} did {exercises}",
            "{duration_minutes} minutes, {calories} kcal, pulse around {average_heart_rate}",
        ],
    ),
    (
        "nutrition",
        "meal",
        &[
            "at {eaten_at} I ate {foods}, some {calories} kcal",
            "{foods} at {place} for {cost}",
            "{foods} with {water_ml} ml of water",
        ],
    ),
    (
        "real estate",
        "listing",
        &[
            "{agent} has {area_sqm} square metres with {bedrooms} bedrooms for {price}",
            "built in {year_built}, {bedrooms} bedrooms, yours for {price} from {available_from}",
            "{bedrooms} bedrooms and {bathrooms} bathrooms at {address}",
        ],
    ),
    (
        "tenancy",
        "lease",
        &[
            "{landlord} rents the flat at {address} to {tenant} for {monthly_rent} a month",
            "{tenant} moves in on {start_date} and stays {term_months} months",
            "{tenant} left a deposit of {deposit} with {landlord}",
        ],
    ),
    (
        "repairs",
        "work-order",
        &[
            "{reported_by} says that there is a {problem} in the {room}",
            "somebody should look at the {problem} on {visit_date} at {visit_time}",
            "the {problem} in {unit} will cost about {estimated_cost}",
        ],
    ),
    (
        "recipes",
        "recipe",
        &[
            "for {servings} people take {ingredients} and bake it for {cook_minutes} minutes at {oven_temperature} degrees",
            "{title}: {prep_minutes} minutes to prepare, {cook_minutes} to cook",
            "{title} for {servings}: mix {ingredients}",
        ],
    ),
    (
        "gardens",
        "planting",
        &[
            "{gardener} put {seedlings} {plant} into bed {bed} on {planted_on}",
            "{plant}, {spacing_cm} cm apart, ready in {harvest_month}",
        ],
    ),
    (
        "chores",
        "to-do",
        &["{assigned_to} should {task} by {due}", "to {task} takes {estimated_minutes} minutes and {supplies}"],
    ),
    (
        "energy",
        "meter-reading",
        &[
            "on {read_on} meter {meter_id} stood at {reading_kwh} kWh",
            "{customer}'s meter went from {previous_kwh} to {reading_kwh} kWh",
            "{customer} of {address} reports {reading_kwh} kWh",
        ],
    ),
    (
        "insurance",
        "claim",
        &[
            "{claimant} lost {items}, worth {amount_claimed}, on {incident_date}",
            "under policy {policy_number} {claimant} asks {insurer} for {amount_claimed}",
        ],
    ),
    (
        "events",
        "concert",
        &[
            "{artist} play at the {venue} in {city} on {date}",
            "{artist} and {support_acts} on {date}, doors {doors_open}, {ticket_price}",
            "{organizer} brings {artist} to {city}",
        ],
    ),
    (
        "libraries",
        "book",
        &[
            "{borrower} borrowed {title} by {author}, due on {due_back}",
            "{author} published {title} in {published}, {pages} pages",
            "{title} ({isbn}) stands at {shelf}",
        ],
    ),
    (
        "films",
        "review",
        &[
            "{director} made {film} in {release_year} with {cast}",
            "{film} with {cast}, {runtime_minutes} minutes, {rating} out of 10 from me",
            "on {seen_on} I sat through {film}, all {runtime_minutes} minutes of it",
        ],
    ),
    (
        "games",
        "match-report",
        &[
            "{home_team} met {away_team} on {date} before {attendance} people",
            "{referee} had {home_team} against {away_team} under control",
            "{away_team} travelled to {home_team}, kick-off {kick_off}",
        ],
    ),
    (
        "restaurants",
        "reservation",
        &[
            "{guest}, {party_size} people, {date} at {time}",
            "could {restaurant} take {party_size} of us at {time} on {date}?",
            "{guest} wants a table for {party_size} to celebrate a {occasion}",
        ],
    ),
    (
        "parties",
        "invitation",
        &[
            "{host} throws a {occasion} {starts_at}",
            "come to {place} for {host}'s {occasion} and bring {bring}",
            "tell {contact} by {rsvp_by} whether you are coming",
        ],
    ),
    (
        "collections",
        "collectible",
        &[
            "bought a {piece} by {maker} for {paid} on {acquired_on}",
            "my {piece} of {year} is {height_mm} mm high and worth {value}",
        ],
    ),
    (
        "job postings",
        "vacancy",
        &[
            "{employer} in {location} wants a {title} who knows {skills}",
            "send your application for {title} to {contact_email} by {apply_by}",
            "the {title} starts on {start_date} and needs {experience_years} years of experience",
        ],
    ),
    (
        "applications",
        "candidate",
        &[
            "{name}, now at {current_employer}, wants to be our {applied_for}",
            "{name} brings {experience_years} years and {skills}, and asks for {expected_salary}",
            "{name} can be reached at {email} or {phone}",
        ],
    ),
    (
        "meetings",
        "minutes",
        &[
            "{chair} led the {subject} in {room}, {start} to {end}",
            "{attendees} met on {date} about the {subject}",
            "we agreed on {action_items}",
        ],
    ),
    (
        "expenses",
        "expense-report",
        &["{employee} was in {trip_to} and spent {total}: {expenses}", "{employee} claims {total} on {cost_center}"],
    ),
    (
        "personnel",
        "leave-request",
        &["{employee} is away from {from} to {to}, {substitute} covers", "{manager} let {employee} go for {days} days"],
    ),
    (
        "projects",
        "status-report",
        &[
            "{manager} has spent {spent} of {budget} on {project}",
            "{project} is {progress_percent} done and goes live on {deadline}",
            "{team_size} people under {manager} work on {project}, mostly fighting {risks}",
        ],
    ),
    (
        "contracts",
        "contract",
        &[
            "{parties} agreed on {subject} for {term_years} years, {value}",
            "contract {contract_id} was signed on {signed_on} and is worth {value}",
        ],
    ),
    (
        "sales",
        "lead",
        &[
            "{company} with its {employees} people could use {interests}, worth {deal_size}",
            "I will call {company} again on {next_step_on} about {deal_size}",
        ],
    ),
    (
        "surveys",
        "feedback",
        &[
            "{respondent} gave the branch in {branch} {rating} points",
            "{respondent} talks about {topics} and gives {rating} out of 10",
        ],
    ),
    (
        "schools",
        "enrolment",
        &[
            "{student}, born {birth_date}, joins grade {grade} on {start_date}",
            "{student} comes from {previous_school} and wants {subjects}",
        ],
    ),
    (
        "exams",
        "exam-result",
        &[
            "{candidate} got {score} of {max_score} points in {subject}",
            "{examiner} gave {candidate} {score} points on {taken_on}",
        ],
    ),
    (
        "police",
        "incident-report",
        &[
            "officer {officer} took down case {case_number}, damage {damage}",
            "{witnesses} saw a car with the plate {vehicle_plate} {occurred_at}",
        ],
    ),
    (
        "courts",
        "hearing",
        &[
            "{plaintiff} against {defendant}, {hearing_date}, {hearing_time}, courtroom {courtroom}",
            "{plaintiff} wants {amount_in_dispute} from {defendant}",
            "{judge} hears {docket} on {hearing_date}",
        ],
    ),
    (
        "elections",
        "result",
        &[
            "in {district} {turnout_percent} of {registered_voters} voted on {date}",
            "{district} has counted: {candidates}",
        ],
    ),
    (
        "charities",
        "donation",
        &["{donor} gave {amount} for {purpose} on {received_on}", "{amount} from {donor}, to be used in {country}"],
    ),
    (
        "lost property",
        "found-item",
        &["{finder} found a {item} at {found_at} on {found_on}", "a {color} {item} lay at {found_at}"],
    ),
    (
        "news",
        "press-item",
        &[
            "{reporter} reports from {city}: {headline}",
            "in {city} {organizations} will pay {cost}",
            "{headline}, says {people}",
        ],
    ),
    (
        "sensors",
        "reading",
        &[
            "{sensor_id} sent {temperature_c} and {humidity_percent} humidity {recorded_at}",
            "{sensor_id} is at {battery_percent} percent battery",
        ],
    ),
    (
        "weather",
        "forecast",
        &[
            "{location} gets between {low_c} and {high_c} degrees on {date}",
            "{date}: up to {high_c} degrees, {rain_mm} of rain",
        ],
    ),
    (
        "experiments",
        "run",
        &[
            "{researcher} heated {substance} to {temperature_k} K, {trials} trials, yield {yield_percent}",
            "for {experiment} {researcher} used {instruments}",
        ],
    ),
    (
        "astronomy",
        "observation",
        &[
            "{observer} saw {object} from {site} {observed_at}",
            "{object} lies {distance_ly} light years away at magnitude {magnitude}",
        ],
    ),
    (
        "farms",
        "harvest",
        &[
            "{farm} brought in {yield_tonnes} of {crop} from {area_ha} on {harvested_on}",
            "{crop} from {field} sold at {price_per_tonne} a tonne",
        ],
    ),
    (
        "wildlife",
        "sighting",
        &[
            "{observer} saw {count} {species} near {near}",
            "{species} {behaviour} near {near}, {distance_m} m away, {seen_at}",
        ],
    ),
    (
        "quality control",
        "inspection",
        &[
            "{inspector} checked {sample_size} pieces of batch {batch} and found {defects} defects",
            "on {inspected_on} {inspector} looked at the {product}",
        ],
    ),
    (
        "bug reports",
        "bug",
        &[
            "{app} {version} gives me a {summary}, code {error_code}",
            "{reporter} sees a {summary} in {app} since {first_seen}",
            "{affected_users} people cannot use {app} {version} because of a {summary}",
        ],
    ),
    (
        "support",
        "ticket",
        &[
            "{customer} ({email}) has been waiting {waiting_hours} hours on ticket {ticket_id}",
            "{agent} answers {customer} about {products}",
        ],
    ),
    (
        "deployments",
        "deployment",
        &[
            "{deployed_by} rolled out {service} {version} {started_at}",
            "{service} {version} ({commit}) went out in {duration_seconds} seconds with {changes}",
        ],
    ),
    (
        "monitoring",
        "alert",
        &[
            "{host} reads {value}, over the limit of {threshold}, since {triggered_at}",
            "{on_call} is looking at {host}; {services} were down for {minutes_down} minutes",
        ],
    ),
    (
        "devices",
        "asset",
        &[
            "{assigned_to} got a {model}, tag {asset_tag}, serial {serial}",
            "{supplier} sold us the {model} on {purchased_on} for {price}",
        ],
    ),
    (
        "cars",
        "workshop-job",
        &[
            "{owner}'s {make_model} ({plate}) needs {jobs}",
            "{owner} can have the {make_model} back on {ready_on} from {pickup_time}",
            "the {make_model} has done {mileage_km} km and gets {jobs}",
        ],
    ),
    (
        "security",
        "access-request",
        &[
            "{full_name} ({user}) needs {system} until {until}",
            "{approved_by} wants {full_name} to get into {system} for {reason}",
        ],
    ),
    (
        "software releases",
        "release-note",
        &[
            "{maintainer} released {name} {version} on {released_on}",
            "{name} {version} brings {features} and fixes {fixed_bugs} bugs",
            "{name} was downloaded {downloads} times from {url}",
        ],
    ),
    (
        "flights",
        "flight-booking",
        &[
            "{flight_number} takes {passengers} from {origin} to {destination}",
            "{origin} to {destination} with {airline}, leaving {departure}, for {fare}",
            "booking {booking_code}: {flight_number}, {bags} bags",
        ],
    ),
    (
        "hotels",
        "hotel-booking",
        &[
            "{guest} stays at {hotel} in {city} from {check_in} to {check_out}",
            "{nights} nights at {hotel} for {rate} each, in {guest}'s name",
            "{guest} would like {requests}",
        ],
    ),
    (
        "trains",
        "train-ticket",
        &[
            "{train} leaves {from} at {departure_time} and reaches {to} at {arrival_time}",
            "from {from} to {to} on {date} for {fare}",
            "{train} from platform {platform} is {delay_minutes} minutes late",
        ],
    ),
    (
        "shipping",
        "parcel",
        &[
            "{sender} sent a parcel of {weight_kg} on {shipped_on}, number {tracking_number}",
            "{tracking_number} should be there on {eta}",
        ],
    ),
    (
        "taxis",
        "ride",
        &[
            "{rider} wants to go from {pickup} to {dropoff} at {pickup_time}",
            "{driver} took {rider} {distance_km} for {fare} and got {tip} extra",
        ],
    ),
    (
        "tours",
        "excursion",
        &[
            "{guide} leads the {tour} from {meeting_point} at {starts_at}",
            "the {tour} takes {duration_hours} and costs {price} a head",
        ],
    ),
    (
        "visas",
        "visa-application",
        &[
            "{applicant}, born {born_on}, of {nationality}, passport {passport_number}",
            "{applicant} arrives on {entry_date} for {stay_days} days",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::super::shape::Kind;
    use super::super::all;
    use super::*;

    #[test]
    fn every_story_is_of_a_shape_and_its_fields() {
        let shapes: BTreeSet<_> = all().map(|shape| (shape.domain, shape.name)).collect();
        let told: BTreeSet<_> = STORIES.iter().map(|(domain, shape, _)| (*domain, *shape)).collect();
        assert_eq!(told, shapes);
        for shape in all() {
            for story in of(shape.domain, shape.name) {
                let slots: Vec<_> = story.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
                assert!(!slots.is_empty(), "{story}");
                for slot in slots {
                    let field = shape.fields.iter().find(|field| field.names.split('|').next() == Some(slot));
                    let field = field.unwrap_or_else(|| panic!("{} {}: `{slot}`", shape.domain, shape.name));
                    assert!(
                        !matches!(field.kind, Kind::Flag(_) | Kind::Choice(_) | Kind::Currency),
                        "{story}: `{slot}`"
                    );
                }
            }
        }
    }
}
