//! Houses and households: real estate, rents, repairs, recipes, gardens, chores, energy, insurance.

use super::super::shape::Kind::{Choice, Clock, Count, Currency, Day, Flag, Group, Many, Measure, Money, Rows, Word};
use super::super::shape::{Field, Shape, f, shape};
use super::super::words::Source::{City, Code, Company, Email, FirstName, One, Person, Phone, Product, Street, Two};

const INGREDIENT: &[Field] = &[
    f(
        "ingredient|name|item",
        Word(One(&[
            "flour",
            "butter",
            "sugar",
            "milk",
            "olive oil",
            "rice",
            "lentils",
            "tomatoes",
            "cream",
            "basil",
            "yeast",
            "chickpeas",
            "spinach",
            "honey",
            "walnuts",
            "cocoa",
            "parmesan",
            "ginger",
        ])),
        &["{}"],
    ),
    f("amount|quantity", Count(2, 800), &["^{}"]),
    f("unit|measure", Word(One(&["g", "ml", "tbsp", "tsp", "cups", "oz"])), &["({})", "in {}"]),
];

pub const SHAPES: &[Shape] = &[
    shape(
        "real estate",
        "listing",
        &["New listing!", "Property for sale.", "From the broker:", "Flat on offer"],
        &[
            f(
                "address|location",
                Group(&[
                    f("street|street_name", Word(Street), &["the address is {}", "it stands at {}"]),
                    f("city", Word(City), &["in {}", "the city is {}"]),
                    f("postcode|zip_code", Word(Code("#### @@")), &["postcode {}"]),
                ]),
                &["it is at {}", "the address is {}", "you find it at {}"],
            ),
            f(
                "property_type|type|kind",
                Choice(&[
                    ("apartment", &["flat", "condo"]),
                    ("house", &["detached house", "family home"]),
                    ("studio", &["one-room flat"]),
                    ("townhouse", &["terraced house"]),
                ]),
                &["it is a {}", "type: {}"],
            ),
            f("bedrooms|bedroom_count|beds", Count(1, 7), &["it has {} bedrooms", "{} bedrooms", "{} beds"]),
            f("bathrooms|baths", Count(1, 4), &["{} bathrooms", "with {} bathrooms"]),
            f(
                "area_sqm|floor_area|size_m2",
                Count(24, 420),
                &["{} square metres", "the floor area is {} sqm", "{} m² of space"],
            ),
            f(
                "price|asking_price",
                Money(7_000_000, 99_000_000),
                &["the asking price is {}", "yours for {}", "priced at {}"],
            ),
            f("year_built|built_in|construction_year", Count(1880, 2024), &["built in {}", "the house is from {}"]),
            f(
                "has_garden|garden",
                Flag(&["no garden", "there is no garden"]),
                &["it has a garden", "a garden comes with it"],
            ),
            f(
                "parking|has_parking",
                Flag(&["no parking space", "you park in the street"]),
                &["parking included", "it has a garage"],
            ),
            f("available_from|available", Day(2024, 2027), &["available from {}", "you can move in on {}"]),
            f("agent|broker|contact", Word(Person), &["the agent is {}", "{} shows it", "ask {}"]),
            f("currency", Currency, &["prices in {}"]),
        ],
    ),
    shape(
        "tenancy",
        "lease",
        &["Rental agreement", "New tenant.", "Lease summary:", "About the flat we rent out."],
        &[
            f("tenant|tenant_name|renter", Word(Person), &["the tenant is {}", "{} moves in", "rented to {}"]),
            f("landlord|owner|lessor", Word(Person), &["the landlord is {}", "{} owns it"]),
            f(
                "monthly_rent|rent|rent_per_month",
                Money(35_000, 420_000),
                &["the rent is {} a month", "{} per month", "monthly rent {}"],
            ),
            f("deposit|security_deposit", Money(50_000, 900_000), &["the deposit is {}", "a deposit of {}"]),
            f("start_date|lease_start|from", Day(2022, 2026), &["it starts on {}", "from {}", "the lease begins {}"]),
            f("term_months|months|duration_months", Count(3, 48), &["for {} months", "the term is {} months"]),
            f(
                "pets_allowed|pets",
                Flag(&["no pets", "animals are not allowed"]),
                &["pets are welcome", "animals are fine"],
            ),
            f(
                "utilities_included|bills_included",
                Flag(&["utilities are extra", "bills come on top"]),
                &["utilities are included", "all bills included"],
            ),
            f("address|property_address", Word(Street), &["the flat is at {}", "address: {}"]),
            f(
                "furnishing",
                Choice(&[
                    ("furnished", &["with furniture"]),
                    ("unfurnished", &["empty", "without furniture"]),
                    ("part_furnished", &["partly furnished"]),
                ]),
                &["it comes {}", "furnishing: {}"],
            ),
        ],
    ),
    shape(
        "repairs",
        "work-order",
        &["Repair request", "Something is broken.", "For the caretaker:", "Maintenance job"],
        &[
            f(
                "problem|issue|fault",
                Word(Two(
                    &["leaking", "squeaking", "blocked", "flickering", "dripping", "jammed", "rattling", "loose"],
                    &["tap", "door", "drain", "radiator", "window", "boiler", "light", "shutter"],
                )),
                &["there is a {}", "the problem is a {}", "we have a {}"],
            ),
            f(
                "room|place|where",
                Word(One(&["kitchen", "cellar", "bathroom", "hallway", "attic", "bedroom", "laundry room", "garage"])),
                &["it is in the {}", "place: {}"],
            ),
            f("reported_by|tenant|contact", Word(Person), &["reported by {}", "{} called", "the contact is {}"]),
            f("phone|phone_number", Word(Phone), &["the number is {}", "call {}"]),
            f(
                "urgency|priority",
                Choice(&[
                    ("low", &["no hurry", "whenever it suits"]),
                    ("medium", &["soon would be good"]),
                    ("high", &["urgent", "as soon as possible", "an emergency"]),
                ]),
                &["urgency: {}", "how urgent? {}"],
            ),
            f("visit_date|scheduled_for|appointment", Day(2024, 2027), &["come on {}", "the visit is on {}"]),
            f("visit_time|time", Clock, &["at {}", "from {} on"]),
            f("estimated_cost|estimate|quote", Money(3_000, 250_000), &["estimated at {}", "it may cost {}"]),
            f(
                "key_available|spare_key",
                Flag(&["there is no spare key", "somebody has to let you in"]),
                &["the neighbour has a key", "a spare key is available"],
            ),
            f("unit|apartment|flat", Word(Code("##@")), &["apartment {}", "in flat {}"]),
        ],
    ),
    shape(
        "recipes",
        "recipe",
        &["A family recipe.", "Tonight's dish:", "Recipe", "From my grandmother's notebook."],
        &[
            f(
                "title|dish|name",
                Word(Two(
                    &["rustic", "creamy", "spicy", "roasted", "lemon", "smoky", "sweet", "crispy"],
                    &[
                        "lentil soup",
                        "apple tart",
                        "mushroom risotto",
                        "bean stew",
                        "rice pudding",
                        "vegetable curry",
                        "potato gratin",
                        "nut bread",
                    ],
                )),
                &["it is called {}", "the dish is {}", "we are making {}"],
            ),
            f("servings|serves|portions", Count(2, 12), &["it serves {}", "enough for {} people", "makes {} portions"]),
            f(
                "prep_minutes|prep_time|preparation_min",
                Count(5, 60),
                &["{} minutes of preparation", "preparation takes {} minutes"],
            ),
            f(
                "cook_minutes|cooking_time|baking_min",
                Count(8, 180),
                &["cook it for {} minutes", "{} minutes in the oven"],
            ),
            f("ingredients|ingredient_list", Rows(INGREDIENT, 2, 4), &["you need {}", "take {}", "ingredients: {}"]),
            f("oven_temperature|temperature_c|oven_c", Count(120, 240), &["at {} degrees", "the oven is at {} °C"]),
            f(
                "difficulty|level",
                Choice(&[
                    ("easy", &["anybody can do it", "very simple"]),
                    ("medium", &["takes some practice"]),
                    ("hard", &["for experienced cooks", "difficult"]),
                ]),
                &["difficulty: {}", "it is {}"],
            ),
            f("vegetarian|is_vegetarian", Flag(&["contains meat", "not vegetarian"]), &["vegetarian", "no meat in it"]),
            f(
                "cuisine|origin",
                Word(One(&["Italian", "Greek", "Thai", "Mexican", "Lebanese", "Polish", "Korean", "Ethiopian"])),
                &["the cuisine is {}", "a {} classic"],
            ),
        ],
    ),
    shape(
        "gardens",
        "planting",
        &["Garden diary.", "Planted today:", "From the allotment.", "Planting plan"],
        &[
            f(
                "plant|crop|species",
                Word(One(&[
                    "lavender",
                    "kale",
                    "rosemary",
                    "sweet peas",
                    "leeks",
                    "sunflowers",
                    "courgettes",
                    "tulips",
                    "strawberries",
                    "sage",
                    "beetroot",
                    "dahlias",
                ])),
                &["it is {}", "we put in {}", "the plant: {}"],
            ),
            f("bed|plot|location", Word(Code("@#")), &["in bed {}", "the plot is {}"]),
            f("planted_on|sown_on|date", Day(2021, 2026), &["planted on {}", "sown {}"]),
            f("spacing_cm|spacing|distance_cm", Count(5, 90), &["{} cm apart", "leave {} cm between them"]),
            f("seedlings|plants|count", Count(2, 120), &["{} seedlings", "{} plants in all"]),
            f(
                "watering|water",
                Choice(&[
                    ("daily", &["every day"]),
                    ("weekly", &["once a week"]),
                    ("rarely", &["hardly ever", "almost no water"]),
                ]),
                &["watering: {}", "water it {}"],
            ),
            f(
                "full_sun|needs_sun|sunny",
                Flag(&["keep it in the shade", "it does not like sun"]),
                &["full sun", "it needs a sunny spot"],
            ),
            f(
                "harvest_month|harvest",
                Word(One(&["May", "June", "July", "August", "September", "October"])),
                &["harvest in {}", "ready in {}"],
            ),
            f("soil_ph|ph", Measure(48, 79, 1, &[""]), &["the soil has a pH of {}", "pH {}"]),
            f("gardener|planted_by", Word(FirstName), &["{} did the work", "planted by {}"]),
        ],
    ),
    shape(
        "chores",
        "to-do",
        &["To do", "Reminder:", "Don't forget!", "For the list on the fridge."],
        &[
            f(
                "task|title|what",
                Word(Two(
                    &["clean", "repaint", "sort out", "fix", "defrost", "tidy", "measure"],
                    &[
                        "the garage",
                        "the balcony",
                        "the freezer",
                        "the bookshelf",
                        "the back door",
                        "the attic",
                        "the shed",
                    ],
                )),
                &["we have to {}", "task: {}", "somebody must {}"],
            ),
            f("assigned_to|assignee|who", Word(FirstName), &["{} does it", "assigned to {}", "it is {}'s turn"]),
            f("due|due_date|by", Day(2024, 2027), &["by {}", "it should be done by {}"]),
            f("estimated_minutes|minutes|effort_min", Count(5, 240), &["it takes about {} minutes", "{} min"]),
            f(
                "priority|importance",
                Choice(&[
                    ("low", &["not important"]),
                    ("normal", &["the usual"]),
                    ("high", &["very important", "top of the list"]),
                ]),
                &["priority: {}", "how important: {}"],
            ),
            f("done|completed|is_done", Flag(&["not done yet", "still open"]), &["already done", "finished"]),
            f("supplies|needs|materials", Many(Product, 1, 3), &["you need {}", "get {} first"]),
            f(
                "repeat|frequency",
                Choice(&[("once", &["just this time"]), ("weekly", &["every week"]), ("monthly", &["every month"])]),
                &["repeat: {}", "how often? {}"],
            ),
        ],
    ),
    shape(
        "energy",
        "meter-reading",
        &["Meter reading", "Reading for the utility.", "Here are my figures.", "Consumption report:"],
        &[
            f("customer|account_holder|name", Word(Person), &["the account holder is {}", "my name is {}"]),
            f("meter_id|meter_number|meter", Word(Code("@#######")), &["the meter number is {}", "meter {}"]),
            f(
                "reading_kwh|reading|meter_value",
                Count(900, 99_000),
                &["it shows {} kWh", "the reading is {} kWh", "{} kWh today"],
            ),
            f(
                "previous_kwh|previous_reading|last_reading",
                Count(400, 90_000),
                &["last time it was {} kWh", "the previous reading was {} kWh"],
            ),
            f("read_on|reading_date|date", Day(2022, 2026), &["read on {}", "taken {}"]),
            f(
                "tariff|plan",
                Choice(&[
                    ("day", &["daytime"]),
                    ("night", &["night-time", "the cheap hours"]),
                    ("flat", &["the flat rate"]),
                ]),
                &["tariff: {}", "the tariff is {}"],
            ),
            f(
                "supply|energy_type",
                Choice(&[("electricity", &["power"]), ("gas", &["natural gas"]), ("heat", &["district heating"])]),
                &["it is for {}", "supply: {}"],
            ),
            f(
                "solar|has_solar|solar_panels",
                Flag(&["no solar panels", "nothing on the roof"]),
                &["we have solar panels", "there are panels on the roof"],
            ),
            f("monthly_payment|instalment", Money(2_000, 40_000), &["I pay {} a month", "the instalment is {}"]),
            f("address|site", Word(Street), &["the address is {}", "at {}"]),
        ],
    ),
    shape(
        "insurance",
        "claim",
        &["Insurance claim", "I want to report damage.", "Claim form:", "Please open a claim."],
        &[
            f(
                "policy_number|policy|policy_id",
                Word(Code("P-######")),
                &["the policy number is {}", "policy {}", "insured under {}"],
            ),
            f("claimant|policyholder|insured", Word(Person), &["the claimant is {}", "I am {}", "insured person: {}"]),
            f(
                "incident|event|cause",
                Choice(&[
                    ("fire", &["a fire", "it burned"]),
                    ("theft", &["somebody stole it", "a break-in"]),
                    ("water", &["a burst pipe", "flooding"]),
                    ("storm", &["strong wind", "hail"]),
                ]),
                &["what happened: {}", "cause: {}"],
            ),
            f("incident_date|happened_on|date_of_loss", Day(2021, 2026), &["it happened on {}", "the date was {}"]),
            f("amount_claimed|damage|loss", Money(5_000, 3_000_000), &["the damage is {}", "I claim {}", "loss of {}"]),
            f(
                "items|damaged_items|lost_items",
                Many(Product, 1, 3),
                &["affected: {}", "we lost {}", "damaged items are {}"],
            ),
            f(
                "police_report|police_notified",
                Flag(&["the police were not called", "no police report"]),
                &["the police came", "there is a police report"],
            ),
            f("injured|injuries|people_hurt", Count(2, 9), &["{} people were hurt", "{} injured"]),
            f("email|contact", Word(Email), &["answer to {}", "my address is {}"]),
            f("insurer|company", Word(Company), &["the insurer is {}", "insured with {}"]),
        ],
    ),
];
