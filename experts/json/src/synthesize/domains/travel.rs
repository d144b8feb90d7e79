//! On the way: flights, hotels, trains, shipments, taxis, tours, visas, ferries.

use super::super::shape::Kind::{
    Choice, Clock, Count, Currency, Day, Flag, Group, Many, Measure, Moment, Money, Rows, Word,
};
use super::super::shape::{Field, Shape, f, shape};
use super::super::words::Source::{City, Code, Company, Country, Email, FirstName, One, Person, Phone, Street, Two};

const TRAVELLER: &[Field] = &[
    f("name|passenger|full_name", Word(Person), &["{}"]),
    f("seat|seat_number", Word(Code("##@")), &["in seat {}", "({})", "seat {}"]),
    f("age", Count(2, 88), &["aged {}", "({} years)"]),
];

pub const SHAPES: &[Shape] = &[
    shape(
        "flights",
        "flight-booking",
        &["Flight booking", "Your trip is booked.", "Itinerary:", "Ticket data"],
        &[
            f(
                "flight_number|flight|flight_no",
                Word(Code("@@###")),
                &["flight {}", "the flight number is {}", "flying on {}"],
            ),
            f(
                "airline|carrier",
                Word(Two(&["Nordic", "Sun", "Trans", "Blue", "Pacific"], &["Air", "Airways", "Wings", "Jet"])),
                &["with {}", "the airline is {}"],
            ),
            f("origin|from|departure_city", Word(City), &["from {}", "leaving {}", "the flight departs from {}"]),
            f("destination|to|arrival_city", Word(City), &["to {}", "flying to {}", "the destination is {}"]),
            f("departure|departs_at|departure_time", Moment(2024, 2027), &["departure {}", "it leaves {}"]),
            f("arrival|arrives_at|arrival_time", Moment(2024, 2027), &["arrival {}", "it lands {}"]),
            f(
                "passengers|travellers|travelers",
                Rows(TRAVELLER, 1, 3),
                &["travelling: {}", "the passengers are {}", "tickets for {}"],
            ),
            f("booking_code|pnr|confirmation", Word(Code("@@@##@")), &["booking code {}", "the confirmation is {}"]),
            f(
                "cabin|class|travel_class",
                Choice(&[("economy", &["coach"]), ("business", &["business class"]), ("first", &["first class"])]),
                &["in {}", "class: {}"],
            ),
            f("fare|price|total_fare", Money(4_000, 400_000), &["the fare is {}", "it cost {}"]),
            f(
                "refundable|is_refundable",
                Flag(&["no refunds", "it cannot be refunded"]),
                &["refundable", "you can get the money back"],
            ),
            f("bags|checked_bags|luggage", Count(1, 6), &["{} bags to check in", "with {} pieces of luggage"]),
            f("currency", Currency, &["paid in {}"]),
        ],
    ),
    shape(
        "hotels",
        "hotel-booking",
        &["Hotel reservation", "Your room is booked.", "Stay details:", "We need a room."],
        &[
            f(
                "hotel|hotel_name|property",
                Word(Two(
                    &["Hotel", "Pension", "Villa", "Lodge", "Residence"],
                    &["Miramar", "Edelweiss", "Belvedere", "Aurora", "Bristol", "Lagoon", "Panorama"],
                )),
                &["at {}", "the hotel is {}", "staying at {}"],
            ),
            f("guest|guest_name|booked_for", Word(Person), &["the guest is {}", "booked for {}", "in the name of {}"]),
            f("check_in|arrival|arrival_date", Day(2024, 2027), &["arriving on {}", "check-in is {}", "from {}"]),
            f("check_out|departure|departure_date", Day(2024, 2027), &["leaving on {}", "check-out is {}", "until {}"]),
            f("nights|night_count", Count(2, 21), &["{} nights", "for {} nights"]),
            f(
                "room_type|room",
                Choice(&[
                    ("single", &["a single room"]),
                    ("double", &["a double room", "a room for two"]),
                    ("suite", &["the suite"]),
                    ("family", &["a family room"]),
                ]),
                &["room: {}", "they take {}"],
            ),
            f(
                "guests|occupancy|party",
                Group(&[
                    f("adults", Count(1, 6), &["{} adults"]),
                    f("children|kids", Count(1, 5), &["{} children", "{} kids"]),
                ]),
                &[],
            ),
            f("rate|price_per_night|nightly_rate", Money(4_000, 60_000), &["{} a night", "the rate is {} per night"]),
            f(
                "breakfast|breakfast_included",
                Flag(&["without breakfast", "breakfast is extra"]),
                &["breakfast included", "with breakfast"],
            ),
            f(
                "requests|special_requests|wishes",
                Many(
                    One(&[
                        "a late check-out",
                        "a cot",
                        "a quiet room",
                        "a sea view",
                        "an extra pillow",
                        "parking",
                        "a high floor",
                    ]),
                    1,
                    3,
                ),
                &["they ask for {}", "special requests: {}"],
            ),
            f("city|place", Word(City), &["in {}", "the city is {}"]),
        ],
    ),
    shape(
        "trains",
        "train-ticket",
        &["Train ticket", "Rail booking:", "Connection found.", "Journey details"],
        &[
            f(
                "train|train_number|service",
                Word(Two(&["IC", "RE", "EC", "NJ"], &["204", "57", "1180", "633", "42", "915"])),
                &["train {}", "it is the {}"],
            ),
            f("from|from_station|departure_station", Word(City), &["from {}", "departing {}"]),
            f("to|to_station|arrival_station", Word(City), &["to {}", "arriving in {}"]),
            f("date|travel_date", Day(2024, 2027), &["on {}", "travelling on {}"]),
            f("departure_time|departs|leaves_at", Clock, &["it leaves at {}", "departure {}"]),
            f("arrival_time|arrives|gets_in_at", Clock, &["it gets in at {}", "arrival {}"]),
            f("platform|track", Word(Code("#@")), &["from platform {}", "track {}"]),
            f("coach|carriage|car", Count(2, 14), &["coach {}", "in carriage {}"]),
            f(
                "first_class|is_first_class",
                Flag(&["second class", "in second class"]),
                &["first class", "in first class"],
            ),
            f("fare|price", Money(500, 30_000), &["the ticket costs {}", "fare {}"]),
            f(
                "delay_minutes|delay|late_by_minutes",
                Count(2, 120),
                &["it is {} minutes late", "a delay of {} minutes"],
            ),
            f("stops|via|intermediate_stops", Many(City, 1, 3), &["via {}", "it stops in {}"]),
        ],
    ),
    shape(
        "shipping",
        "parcel",
        &["Shipment notice", "A parcel is on its way.", "Tracking update:", "Freight papers"],
        &[
            f(
                "tracking_number|tracking_id|tracking",
                Word(Code("@@#########")),
                &["the tracking number is {}", "track it with {}"],
            ),
            f("sender|shipper|from", Word(Company), &["sent by {}", "the sender is {}"]),
            f(
                "recipient|consignee|receiver",
                Group(&[
                    f("name|recipient_name", Word(Person), &["it goes to {}", "the recipient is {}"]),
                    f("street|address", Word(Street), &["delivered to {}", "the address is {}"]),
                    f("city|town", Word(City), &["in {}", "the town is {}"]),
                    f("country", Word(Country), &["the country is {}"]),
                ]),
                &["addressed to {}", "deliver to {}"],
            ),
            f(
                "weight_kg|weight|gross_weight",
                Measure(2, 900, 1, &["kg", "kilograms", "kilos"]),
                &["it weighs {}", "weight {}"],
            ),
            f(
                "dimensions|size|measurements",
                Group(&[
                    f("length_cm|length", Count(10, 200), &["{} cm long", "length {} cm"]),
                    f("width_cm|width", Count(10, 120), &["{} cm wide", "width {} cm"]),
                    f("height_cm|height", Count(5, 120), &["{} cm high", "height {} cm"]),
                ]),
                &[],
            ),
            f(
                "status|state|delivery_status",
                Choice(&[
                    ("in_transit", &["on the way", "travelling"]),
                    ("delivered", &["handed over", "it has arrived"]),
                    ("held", &["stuck at customs", "waiting at the depot"]),
                    ("returned", &["sent back"]),
                ]),
                &["status: {}", "right now: {}"],
            ),
            f("shipped_on|dispatch_date|sent_on", Day(2023, 2026), &["sent on {}", "dispatched {}"]),
            f("eta|expected_on|estimated_delivery", Day(2023, 2026), &["expected on {}", "it should arrive on {}"]),
            f("insured|is_insured", Flag(&["not insured", "no insurance"]), &["insured", "with insurance"]),
            f("declared_value|value", Money(500, 900_000), &["the declared value is {}", "worth {}"]),
        ],
    ),
    shape(
        "taxis",
        "ride",
        &["Ride request", "Need a taxi.", "Trip receipt:", "Pick me up!"],
        &[
            f("rider|passenger|name", Word(FirstName), &["for {}", "the passenger is {}"]),
            f("pickup|pickup_address|from", Word(Street), &["pick-up at {}", "from {}"]),
            f("dropoff|destination|to", Word(Street), &["drop-off at {}", "going to {}"]),
            f("pickup_time|time|when", Clock, &["at {}", "be there at {}"]),
            f(
                "distance_km|distance",
                Measure(8, 700, 1, &["km", "kilometres"]),
                &["{} to drive", "the distance is {}"],
            ),
            f("fare|price|cost", Money(400, 15_000), &["the fare is {}", "it costs {}"]),
            f("tip|gratuity", Money(50, 2_000), &["the tip was {}", "plus {} for the driver"]),
            f("driver|driver_name", Word(Person), &["the driver is {}", "{} drives"]),
            f("passengers|people|riders", Count(1, 7), &["{} people", "there are {} of us"]),
            f(
                "wheelchair|wheelchair_accessible",
                Flag(&["no wheelchair", "an ordinary car will do"]),
                &["with a wheelchair", "it must take a wheelchair"],
            ),
            f("phone|contact", Word(Phone), &["call {}", "my number is {}"]),
            f(
                "payment|pay_with",
                Choice(&[("cash", &["banknotes"]), ("card", &["a credit card"]), ("app", &["through the app"])]),
                &["payment: {}", "paying with {}"],
            ),
        ],
    ),
    shape(
        "tours",
        "excursion",
        &["Excursion", "Tour offer:", "Join us!", "Guided tour"],
        &[
            f(
                "tour|title|name",
                Word(Two(
                    &["Harbour", "Night", "Old Town", "Vineyard", "Volcano", "Street Food", "Castle"],
                    &["Walk", "Cruise", "Discovery", "Adventure", "Ramble"],
                )),
                &["it is the {}", "the tour is called {}"],
            ),
            f("guide|led_by", Word(FirstName), &["guided by {}", "the guide is {}"]),
            f("meeting_point|start_point", Word(Street), &["we meet at {}", "the meeting point is {}"]),
            f("starts_at|start_time|time", Clock, &["it starts at {}", "be there by {}"]),
            f(
                "duration_hours|hours|length_hours",
                Measure(10, 95, 1, &["hours", "h"]),
                &["it takes {}", "duration {}"],
            ),
            f("price|price_per_person", Money(800, 25_000), &["{} per person", "it costs {} each"]),
            f("max_participants|group_size|max_people", Count(4, 50), &["at most {} people", "groups of up to {}"]),
            f(
                "languages|spoken",
                Many(One(&["English", "Portuguese", "German", "Korean", "Arabic", "Dutch", "Italian"]), 1, 3),
                &["in {}", "languages: {}"],
            ),
            f(
                "level|fitness_level|difficulty",
                Choice(&[
                    ("easy", &["a gentle stroll"]),
                    ("moderate", &["some climbing"]),
                    ("hard", &["only for the fit"]),
                ]),
                &["level: {}", "how hard? {}"],
            ),
            f(
                "includes_lunch|lunch_included|lunch",
                Flag(&["bring your own food", "lunch is not included"]),
                &["lunch is included", "with lunch"],
            ),
            f(
                "bring|equipment",
                Many(One(&["sturdy shoes", "a hat", "water", "a torch", "swimwear", "sunscreen"]), 1, 3),
                &["bring {}", "you need {}"],
            ),
        ],
    ),
    shape(
        "visas",
        "visa-application",
        &["Visa application", "For the consulate:", "Travel document data", "Applying for a visa."],
        &[
            f("applicant|full_name|name", Word(Person), &["the applicant is {}", "I am {}"]),
            f("nationality|citizenship|citizen_of", Word(Country), &["a citizen of {}", "nationality: {}"]),
            f("passport_number|passport", Word(Code("@#######")), &["passport {}", "the passport number is {}"]),
            f(
                "passport_expires|passport_valid_until",
                Day(2026, 2035),
                &["the passport is valid until {}", "it expires on {}"],
            ),
            f(
                "purpose|reason|visit_purpose",
                Choice(&[
                    ("tourism", &["a holiday", "sightseeing"]),
                    ("business", &["meetings"]),
                    ("study", &["university"]),
                    ("family", &["visiting relatives"]),
                ]),
                &["purpose: {}", "the purpose is {}"],
            ),
            f("entry_date|arrival", Day(2024, 2027), &["entering on {}", "arrival {}"]),
            f("stay_days|length_of_stay|days", Count(3, 180), &["staying {} days", "for {} days"]),
            f("born_on|birth_date|date_of_birth", Day(1945, 2006), &["born on {}", "date of birth {}"]),
            f(
                "multiple_entry|multiple_entries",
                Flag(&["one entry only", "a single entry"]),
                &["several entries", "multiple entries"],
            ),
            f("email|contact_email", Word(Email), &["contact {}", "mail goes to {}"]),
            f("countries_visited|previous_countries", Many(Country, 1, 3), &["has been to {}", "earlier trips: {}"]),
        ],
    ),
];
