//! The domains, as data alone. Names read as words in a question. No two domains have the same schema, and none has
//! that of an eval prompt; tests check both.

use super::domain::{Domain, amount, category, count, date, flag, key, label, maybe, reference, table, time};

/// All domains.
pub static DOMAINS: &[Domain] = &[
    Domain {
        name: "hospital",
        tables: &[
            table(
                "doctors",
                "doctor",
                &[
                    key("doctor_id"),
                    label("name", &["Silva", "Okoye", "Brandt"]),
                    category("specialty", &["cardiology", "oncology", "pediatrics", "surgery"]),
                    date("hire_date", 2005, 2023),
                ],
            ),
            table(
                "patients",
                "patient",
                &[
                    key("patient_id"),
                    label("name", &["Maria", "Jonas", "Aiko"]),
                    category("city", &["Lisbon", "Porto", "Braga", "Faro"]),
                    maybe(date("birth_date", 1940, 2015)),
                ],
            ),
            table(
                "visits",
                "visit",
                &[
                    key("visit_id"),
                    reference("patient_id", "patients"),
                    reference("doctor_id", "doctors"),
                    date("visit_date", 2019, 2024),
                    amount("fee", 30, 400),
                ],
            ),
        ],
    },
    Domain {
        name: "library",
        tables: &[
            table(
                "members",
                "member",
                &[
                    key("member_id"),
                    label("full_name", &["Anna", "Peter", "Lee"]),
                    category("membership", &["student", "adult", "senior"]),
                    date("join_date", 2010, 2024),
                ],
            ),
            table(
                "books",
                "book",
                &[
                    key("book_id"),
                    label("title", &["Garden", "Night", "River"]),
                    category("genre", &["fantasy", "history", "crime", "poetry"]),
                    count("pages", 80, 1200),
                    maybe(category("language", &["English", "French", "German"])),
                ],
            ),
            table(
                "loans",
                "loan",
                &[
                    key("loan_id"),
                    reference("book_id", "books"),
                    reference("member_id", "members"),
                    date("loan_date", 2018, 2024),
                    maybe(date("return_date", 2018, 2024)),
                ],
            ),
        ],
    },
    Domain {
        name: "airline",
        tables: &[
            table(
                "airports",
                "airport",
                &[
                    key("airport_id"),
                    label("name", &["International", "Central", "Bay"]),
                    category("country", &["Norway", "Chile", "Japan", "Kenya"]),
                    count("runways", 1, 6),
                ],
            ),
            table(
                "flights",
                "flight",
                &[
                    key("flight_id"),
                    label("flight_number", &["LX", "NH", "KQ"]),
                    reference("airport_id", "airports"),
                    time("departure_time", 2021, 2024),
                    category("status", &["on time", "delayed", "cancelled"]),
                    count("seats", 50, 400),
                    maybe(amount("ticket_price", 40, 1500)),
                ],
            ),
        ],
    },
    Domain {
        name: "payroll",
        tables: &[
            table(
                "departments",
                "department",
                &[
                    key("department_id"),
                    label("department_name", &["Sales", "Research", "Legal"]),
                    category("site", &["Berlin", "Austin", "Pune"]),
                    amount("budget", 50000, 900000),
                ],
            ),
            table(
                "employees",
                "employee",
                &[
                    key("employee_id"),
                    label("employee_name", &["Kim", "Garcia", "Novak"]),
                    reference("department_id", "departments"),
                    category("job_title", &["engineer", "analyst", "manager", "clerk"]),
                    amount("salary", 25000, 150000),
                    date("hire_date", 2008, 2024),
                    maybe(amount("bonus", 500, 20000)),
                ],
            ),
        ],
    },
    Domain {
        name: "online shop",
        tables: &[
            table(
                "customers",
                "customer",
                &[
                    key("customer_id"),
                    label("customer_name", &["Rossi", "Meyer", "Chen"]),
                    category("country", &["Italy", "Germany", "China", "Brazil"]),
                    maybe(category("phone_type", &["mobile", "landline"])),
                ],
            ),
            table(
                "products",
                "product",
                &[
                    key("product_id"),
                    label("product_name", &["lamp", "chair", "desk"]),
                    category("category", &["furniture", "lighting", "garden"]),
                    amount("price", 5, 900),
                ],
            ),
            table(
                "orders",
                "order",
                &[
                    key("order_id"),
                    reference("customer_id", "customers"),
                    reference("product_id", "products"),
                    count("quantity", 1, 20),
                    date("order_date", 2020, 2024),
                    category("status", &["paid", "shipped", "returned"]),
                ],
            ),
        ],
    },
    Domain {
        name: "gym",
        tables: &[
            table(
                "trainers",
                "trainer",
                &[
                    key("trainer_id"),
                    label("name", &["Rita", "Marco", "Sven"]),
                    category("specialty", &["yoga", "boxing", "spinning"]),
                    amount("hourly_rate", 15, 90),
                ],
            ),
            table(
                "clients",
                "client",
                &[
                    key("client_id"),
                    label("name", &["Olga", "Tom", "Priya"]),
                    count("age", 16, 80),
                    flag("active"),
                    maybe(date("end_date", 2022, 2025)),
                ],
            ),
            table(
                "sessions",
                "session",
                &[
                    key("session_id"),
                    reference("trainer_id", "trainers"),
                    reference("client_id", "clients"),
                    time("start_time", 2022, 2024),
                    count("minutes", 20, 120),
                ],
            ),
        ],
    },
    Domain {
        name: "farm",
        tables: &[
            table(
                "fields",
                "field",
                &[
                    key("field_id"),
                    label("field_name", &["North", "Creek", "Hill"]),
                    category("soil", &["clay", "sand", "loam"]),
                    amount("hectares", 1, 90),
                ],
            ),
            table(
                "harvests",
                "harvest",
                &[
                    key("harvest_id"),
                    reference("field_id", "fields"),
                    category("crop", &["wheat", "maize", "barley", "oats"]),
                    date("harvest_date", 2015, 2024),
                    amount("tonnes", 1, 500),
                    maybe(amount("moisture", 5, 30)),
                ],
            ),
        ],
    },
    Domain {
        name: "museum",
        tables: &[
            table(
                "artists",
                "artist",
                &[
                    key("artist_id"),
                    label("artist_name", &["Klee", "Kahlo", "Monet"]),
                    category("nationality", &["Swiss", "Mexican", "French"]),
                    count("birth_year", 1400, 1990),
                ],
            ),
            table(
                "artworks",
                "artwork",
                &[
                    key("artwork_id"),
                    label("title", &["Portrait", "Still", "Sea"]),
                    reference("artist_id", "artists"),
                    category("medium", &["oil", "bronze", "ink"]),
                    amount("insured_value", 1000, 900000),
                    maybe(date("acquisition_date", 1950, 2024)),
                    flag("on_display"),
                ],
            ),
        ],
    },
    Domain {
        name: "school",
        tables: &[
            table(
                "teachers",
                "teacher",
                &[
                    key("teacher_id"),
                    label("teacher_name", &["Ms", "Mr", "Dr"]),
                    category("subject", &["maths", "music", "biology"]),
                    count("years_of_service", 0, 40),
                ],
            ),
            table(
                "students",
                "student",
                &[
                    key("student_id"),
                    label("student_name", &["Nina", "Omar", "Eva"]),
                    count("grade_level", 1, 12),
                    category("house", &["red", "blue", "green"]),
                    maybe(date("enrolment_date", 2012, 2024)),
                ],
            ),
            table(
                "marks",
                "mark",
                &[
                    key("mark_id"),
                    reference("student_id", "students"),
                    reference("teacher_id", "teachers"),
                    count("points", 0, 100),
                    date("exam_date", 2020, 2024),
                ],
            ),
        ],
    },
    Domain {
        name: "bank",
        tables: &[
            table(
                "branches",
                "branch",
                &[
                    key("branch_id"),
                    label("branch_name", &["Main", "Harbour", "West"]),
                    category("region", &["north", "south", "east", "west"]),
                    date("opening_date", 1980, 2022),
                ],
            ),
            table(
                "accounts",
                "account",
                &[
                    key("account_id"),
                    label("holder", &["Ivanov", "Dupont", "Haddad"]),
                    reference("branch_id", "branches"),
                    category("account_type", &["savings", "checking", "business"]),
                    amount("balance", 0, 90000),
                    date("open_date", 2000, 2024),
                    maybe(amount("credit_limit", 500, 20000)),
                ],
            ),
        ],
    },
    Domain {
        name: "hotel",
        tables: &[
            table(
                "guests",
                "guest",
                &[
                    key("guest_id"),
                    label("guest_name", &["Moreau", "Yamada", "Bauer"]),
                    category("nationality", &["French", "Japanese", "Austrian"]),
                    flag("loyalty_member"),
                ],
            ),
            table(
                "rooms",
                "room",
                &[
                    key("room_id"),
                    label("room_number", &["10", "20", "30"]),
                    category("room_type", &["single", "double", "suite"]),
                    amount("nightly_rate", 50, 700),
                    count("floor", 1, 20),
                ],
            ),
            table(
                "bookings",
                "booking",
                &[
                    key("booking_id"),
                    reference("guest_id", "guests"),
                    reference("room_id", "rooms"),
                    date("check_in", 2021, 2024),
                    count("nights", 1, 21),
                    maybe(count("rating", 1, 5)),
                ],
            ),
        ],
    },
    Domain {
        name: "restaurant",
        tables: &[
            table(
                "dishes",
                "dish",
                &[
                    key("dish_id"),
                    label("dish_name", &["soup", "curry", "pie"]),
                    category("course", &["starter", "main", "dessert"]),
                    amount("price", 3, 60),
                    flag("vegetarian"),
                ],
            ),
            table(
                "waiters",
                "waiter",
                &[
                    key("waiter_id"),
                    label("waiter_name", &["Luca", "Zoe", "Ben"]),
                    date("start_date", 2015, 2024),
                    maybe(category("shift", &["lunch", "dinner"])),
                ],
            ),
            table(
                "sales",
                "sale",
                &[
                    key("sale_id"),
                    reference("dish_id", "dishes"),
                    reference("waiter_id", "waiters"),
                    time("sale_time", 2022, 2024),
                    count("portions", 1, 12),
                    amount("tip", 0, 50),
                ],
            ),
        ],
    },
    Domain {
        name: "film archive",
        tables: &[
            table(
                "directors",
                "director",
                &[
                    key("director_id"),
                    label("director_name", &["Varda", "Ozu", "Lang"]),
                    category("country", &["France", "Japan", "Germany", "Italy"]),
                    maybe(count("debut_year", 1920, 2015)),
                ],
            ),
            table(
                "films",
                "film",
                &[
                    key("film_id"),
                    label("title", &["Summer", "City", "Last"]),
                    reference("director_id", "directors"),
                    category("genre", &["drama", "comedy", "thriller"]),
                    count("minutes", 60, 240),
                    date("release_date", 1950, 2024),
                    amount("box_office", 1000, 900000),
                ],
            ),
        ],
    },
    Domain {
        name: "music label",
        tables: &[
            table(
                "bands",
                "band",
                &[
                    key("band_id"),
                    label("band_name", &["The", "Black", "Echo"]),
                    category("style", &["jazz", "rock", "folk", "metal"]),
                    count("founding_year", 1960, 2020),
                ],
            ),
            table(
                "albums",
                "album",
                &[
                    key("album_id"),
                    label("album_title", &["Live", "Blue", "Home"]),
                    reference("band_id", "bands"),
                    date("release_date", 1970, 2024),
                    count("tracks", 5, 25),
                    count("copies_sold", 100, 900000),
                    maybe(amount("review_score", 1, 10)),
                ],
            ),
        ],
    },
    Domain {
        name: "football league",
        tables: &[
            table(
                "teams",
                "team",
                &[
                    key("team_id"),
                    label("team_name", &["United", "City", "Rovers"]),
                    category("league", &["first", "second", "third"]),
                    count("stadium_capacity", 5000, 90000),
                ],
            ),
            table(
                "players",
                "player",
                &[
                    key("player_id"),
                    label("player_name", &["Costa", "Smith", "Diallo"]),
                    reference("team_id", "teams"),
                    category("position", &["goalkeeper", "defender", "midfielder", "striker"]),
                    count("goals", 0, 60),
                    date("birth_date", 1985, 2006),
                    maybe(amount("market_value", 10000, 900000)),
                ],
            ),
        ],
    },
    Domain {
        name: "real estate",
        tables: &[
            table(
                "agents",
                "agent",
                &[
                    key("agent_id"),
                    label("agent_name", &["Clark", "Ruiz", "Weber"]),
                    category("office", &["downtown", "harbour", "airport"]),
                    amount("commission_rate", 1, 8),
                ],
            ),
            table(
                "listings",
                "listing",
                &[
                    key("listing_id"),
                    label("address", &["Street", "Avenue", "Lane"]),
                    reference("agent_id", "agents"),
                    category("property_type", &["house", "flat", "studio"]),
                    amount("asking_price", 60000, 900000),
                    count("bedrooms", 0, 6),
                    date("listed_date", 2020, 2024),
                    maybe(date("sold_date", 2020, 2024)),
                ],
            ),
        ],
    },
    Domain {
        name: "shipping",
        tables: &[
            table(
                "ports",
                "port",
                &[
                    key("port_id"),
                    label("port_name", &["Harbour", "Santos", "Busan"]),
                    category("continent", &["Asia", "Europe", "Africa"]),
                    count("docks", 1, 60),
                ],
            ),
            table(
                "ships",
                "ship",
                &[
                    key("ship_id"),
                    label("ship_name", &["Star", "Queen", "Ocean"]),
                    category("flag_state", &["Panama", "Malta", "Liberia"]),
                    count("built_year", 1975, 2023),
                ],
            ),
            table(
                "arrivals",
                "arrival",
                &[
                    key("arrival_id"),
                    reference("ship_id", "ships"),
                    reference("port_id", "ports"),
                    time("arrival_time", 2020, 2024),
                    count("containers", 0, 9000),
                    maybe(amount("port_fee", 500, 40000)),
                ],
            ),
        ],
    },
    Domain {
        name: "power grid",
        tables: &[
            table(
                "plants",
                "plant",
                &[
                    key("plant_id"),
                    label("plant_name", &["River", "Ridge", "Valley"]),
                    category("fuel", &["hydro", "wind", "gas", "solar"]),
                    amount("capacity", 5, 2000),
                    date("commission_date", 1970, 2023),
                ],
            ),
            table(
                "outages",
                "outage",
                &[
                    key("outage_id"),
                    reference("plant_id", "plants"),
                    category("cause", &["storm", "maintenance", "fault"]),
                    time("start_time", 2019, 2024),
                    count("hours", 1, 200),
                    maybe(amount("cost", 1000, 90000)),
                ],
            ),
        ],
    },
    Domain {
        name: "software tracker",
        tables: &[
            table(
                "projects",
                "project",
                &[
                    key("project_id"),
                    label("project_name", &["core", "web", "mobile"]),
                    category("language", &["Rust", "Go", "Python"]),
                    flag("archived"),
                ],
            ),
            table(
                "developers",
                "developer",
                &[
                    key("developer_id"),
                    label("username", &["alex", "dev", "sam"]),
                    category("team", &["platform", "data", "mobile"]),
                    maybe(date("left_date", 2019, 2024)),
                ],
            ),
            table(
                "tickets",
                "ticket",
                &[
                    key("ticket_id"),
                    reference("project_id", "projects"),
                    reference("developer_id", "developers"),
                    category("priority", &["low", "medium", "high"]),
                    time("open_time", 2020, 2024),
                    count("story_points", 1, 21),
                ],
            ),
        ],
    },
    Domain {
        name: "insurance",
        tables: &[
            table(
                "policyholders",
                "policyholder",
                &[
                    key("policyholder_id"),
                    label("name", &["Evans", "Kaya", "Horvat"]),
                    category("risk_class", &["A", "B", "C"]),
                    date("birth_date", 1940, 2005),
                ],
            ),
            table(
                "claims",
                "claim",
                &[
                    key("claim_id"),
                    reference("policyholder_id", "policyholders"),
                    category("claim_type", &["fire", "water", "theft", "accident"]),
                    amount("claim_amount", 100, 80000),
                    maybe(amount("payout", 100, 80000)),
                    date("claim_date", 2016, 2024),
                ],
            ),
        ],
    },
    Domain {
        name: "veterinary clinic",
        tables: &[
            table(
                "owners",
                "owner",
                &[
                    key("owner_id"),
                    label("owner_name", &["Berg", "Lopez", "Khan"]),
                    category("town", &["Leeds", "York", "Hull"]),
                    maybe(category("contact", &["email", "phone"])),
                ],
            ),
            table(
                "animals",
                "animal",
                &[
                    key("animal_id"),
                    label("animal_name", &["Rex", "Milo", "Luna"]),
                    reference("owner_id", "owners"),
                    category("species", &["dog", "cat", "rabbit"]),
                    amount("weight", 1, 70),
                    date("birth_date", 2008, 2024),
                    flag("vaccinated"),
                ],
            ),
        ],
    },
    Domain {
        name: "car rental",
        tables: &[
            table(
                "cars",
                "car",
                &[
                    key("car_id"),
                    label("model", &["Golf", "Clio", "Yaris"]),
                    category("fuel_type", &["petrol", "diesel", "electric"]),
                    amount("daily_rate", 20, 200),
                    count("mileage", 0, 200000),
                ],
            ),
            table(
                "drivers",
                "driver",
                &[
                    key("driver_id"),
                    label("driver_name", &["Nowak", "Singh", "Olsen"]),
                    date("licence_date", 1985, 2023),
                ],
            ),
            table(
                "rentals",
                "rental",
                &[
                    key("rental_id"),
                    reference("car_id", "cars"),
                    reference("driver_id", "drivers"),
                    date("pickup_date", 2021, 2024),
                    count("days", 1, 30),
                    maybe(amount("damage_fee", 50, 3000)),
                ],
            ),
        ],
    },
    Domain {
        name: "university research",
        tables: &[
            table(
                "labs",
                "lab",
                &[
                    key("lab_id"),
                    label("lab_name", &["Physics", "Genome", "Robotics"]),
                    category("faculty", &["science", "medicine", "engineering"]),
                    amount("floor_area", 20, 900),
                ],
            ),
            table(
                "grants",
                "grant",
                &[
                    key("grant_id"),
                    label("grant_title", &["Study", "Model", "Network"]),
                    reference("lab_id", "labs"),
                    category("funder", &["state", "industry", "foundation"]),
                    amount("funding", 5000, 900000),
                    date("award_date", 2010, 2024),
                    maybe(date("end_date", 2012, 2029)),
                ],
            ),
        ],
    },
    Domain {
        name: "bicycle sharing",
        tables: &[
            table(
                "stations",
                "station",
                &[
                    key("station_id"),
                    label("station_name", &["Park", "Square", "Bridge"]),
                    category("district", &["old town", "riverside", "campus"]),
                    count("dock_count", 5, 60),
                ],
            ),
            table(
                "trips",
                "trip",
                &[
                    key("trip_id"),
                    reference("station_id", "stations"),
                    category("rider_type", &["casual", "member"]),
                    category("bike_type", &["city", "electric"]),
                    time("start_time", 2021, 2024),
                    count("duration", 2, 180),
                    maybe(amount("distance", 1, 40)),
                ],
            ),
        ],
    },
    Domain {
        name: "charity",
        tables: &[
            table(
                "donors",
                "donor",
                &[
                    key("donor_id"),
                    label("donor_name", &["Foundation", "Trust", "Adler"]),
                    category("donor_type", &["person", "company", "trust"]),
                    maybe(category("country", &["Spain", "Ghana", "India"])),
                ],
            ),
            table(
                "campaigns",
                "campaign",
                &[
                    key("campaign_id"),
                    label("campaign_name", &["Water", "School", "Winter"]),
                    amount("goal", 1000, 500000),
                    date("launch_date", 2015, 2024),
                ],
            ),
            table(
                "donations",
                "donation",
                &[
                    key("donation_id"),
                    reference("donor_id", "donors"),
                    reference("campaign_id", "campaigns"),
                    amount("amount", 5, 10000),
                    date("donation_date", 2016, 2024),
                    category("method", &["card", "transfer", "cash"]),
                ],
            ),
        ],
    },
    Domain {
        name: "weather service",
        tables: &[
            table(
                "weather_stations",
                "weather station",
                &[
                    key("weather_station_id"),
                    label("name", &["Peak", "Coast", "Valley"]),
                    category("climate", &["alpine", "coastal", "desert"]),
                    count("elevation", 0, 4000),
                ],
            ),
            table(
                "readings",
                "reading",
                &[
                    key("reading_id"),
                    reference("weather_station_id", "weather_stations"),
                    time("reading_time", 2018, 2024),
                    category("sensor", &["roof", "mast", "ground"]),
                    amount("temperature", 0, 45),
                    count("humidity", 5, 100),
                    maybe(amount("rainfall", 0, 120)),
                ],
            ),
        ],
    },
    Domain {
        name: "publisher",
        tables: &[
            table(
                "authors",
                "author",
                &[
                    key("author_id"),
                    label("pen_name", &["Grey", "Stone", "Marlow"]),
                    category("country", &["Ireland", "Canada", "Poland"]),
                    maybe(date("contract_end", 2020, 2030)),
                ],
            ),
            table(
                "titles",
                "title",
                &[
                    key("title_id"),
                    label("title_name", &["House", "Winter", "Secret"]),
                    reference("author_id", "authors"),
                    category("format", &["paperback", "hardcover", "ebook"]),
                    amount("list_price", 4, 80),
                    count("print_run", 500, 90000),
                    date("publication_date", 2000, 2024),
                ],
            ),
        ],
    },
    Domain {
        name: "mining",
        tables: &[
            table(
                "mines",
                "mine",
                &[
                    key("mine_id"),
                    label("mine_name", &["Deep", "Eagle", "Copper"]),
                    category("mineral", &["copper", "gold", "lithium"]),
                    count("depth", 50, 3000),
                    flag("open_pit"),
                ],
            ),
            table(
                "shipments",
                "shipment",
                &[
                    key("shipment_id"),
                    reference("mine_id", "mines"),
                    category("destination", &["refinery", "harbour", "depot"]),
                    amount("weight", 10, 5000),
                    date("ship_date", 2015, 2024),
                    maybe(amount("grade", 1, 60)),
                ],
            ),
        ],
    },
    Domain {
        name: "telecom",
        tables: &[
            table(
                "subscribers",
                "subscriber",
                &[
                    key("subscriber_id"),
                    label("subscriber_name", &["Ahmed", "Laura", "Felix"]),
                    category("plan", &["basic", "plus", "unlimited"]),
                    date("signup_date", 2012, 2024),
                    maybe(date("cancel_date", 2015, 2024)),
                ],
            ),
            table(
                "calls",
                "call",
                &[
                    key("call_id"),
                    reference("subscriber_id", "subscribers"),
                    category("call_type", &["local", "roaming", "international"]),
                    time("call_time", 2021, 2024),
                    count("seconds", 5, 7000),
                    amount("charge", 0, 60),
                ],
            ),
        ],
    },
    Domain {
        name: "winery",
        tables: &[
            table(
                "vineyards",
                "vineyard",
                &[
                    key("vineyard_id"),
                    label("vineyard_name", &["Clos", "Monte", "Domaine"]),
                    category("region", &["Douro", "Mosel", "Rioja"]),
                    amount("area", 1, 200),
                ],
            ),
            table(
                "wines",
                "wine",
                &[
                    key("wine_id"),
                    label("wine_name", &["Reserve", "Noir", "Gold"]),
                    reference("vineyard_id", "vineyards"),
                    category("colour", &["red", "white", "rose"]),
                    count("vintage", 1980, 2023),
                    amount("bottle_price", 5, 500),
                    maybe(count("rating", 50, 100)),
                    date("bottling_date", 1985, 2024),
                ],
            ),
        ],
    },
    Domain {
        name: "theatre",
        tables: &[
            table(
                "plays",
                "play",
                &[
                    key("play_id"),
                    label("play_title", &["King", "Dream", "Storm"]),
                    category("kind", &["tragedy", "comedy", "musical"]),
                    count("cast_size", 1, 40),
                ],
            ),
            table(
                "performances",
                "performance",
                &[
                    key("performance_id"),
                    reference("play_id", "plays"),
                    date("performance_date", 2018, 2024),
                    category("stage", &["main", "studio"]),
                    count("tickets_sold", 0, 900),
                    amount("revenue", 0, 60000),
                    maybe(category("critic", &["Herald", "Post"])),
                ],
            ),
        ],
    },
    Domain {
        name: "fire brigade",
        tables: &[
            table(
                "fire_stations",
                "fire station",
                &[
                    key("fire_station_id"),
                    label("station_name", &["North", "Central", "Hill"]),
                    category("district", &["east", "centre", "west"]),
                    count("engines", 1, 12),
                    flag("volunteer"),
                ],
            ),
            table(
                "incidents",
                "incident",
                &[
                    key("incident_id"),
                    reference("fire_station_id", "fire_stations"),
                    category("incident_type", &["fire", "flood", "rescue"]),
                    time("report_time", 2019, 2024),
                    count("response_minutes", 2, 60),
                    maybe(amount("damage", 100, 500000)),
                ],
            ),
        ],
    },
];
