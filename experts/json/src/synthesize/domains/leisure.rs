//! Free time: concerts, clubs, books, films, games, sport, restaurants, parties.

use super::super::shape::Kind::{Choice, Clock, Count, Day, Flag, Group, Many, Measure, Moment, Money, Rows, Word};
use super::super::shape::{Shape, f, shape};
use super::super::words::Source::{
    City, Code, Company, Country, Email, FirstName, One, Person, Phone, Product, Two, Url,
};

const TITLES_A: &[&str] = &[
    "Silent", "Broken", "Golden", "Hidden", "Winter", "Paper", "Burning", "Distant", "Velvet", "Crooked", "Electric",
    "Last",
];
const TITLES_B: &[&str] = &[
    "Harbours", "Gardens", "Letters", "Mirrors", "Orchards", "Machines", "Rivers", "Lanterns", "Kingdoms", "Voices",
    "Shadows", "Bridges",
];

pub const SHAPES: &[Shape] = &[
    shape(
        "events",
        "concert",
        &["Event announcement", "Save the date!", "Coming up:", "Programme note."],
        &[
            f(
                "artist|headliner|act",
                Word(Two(TITLES_A, TITLES_B)),
                &["{} will play", "on stage: {}", "the headliner is {}"],
            ),
            f(
                "venue|hall|place",
                Word(Two(
                    &["Corn", "Old", "Royal", "Grand", "Blue", "Dockside", "Union"],
                    &["Hall", "Theatre", "Arena", "Barn", "Playhouse", "Factory"],
                )),
                &["at the {}", "the venue is {}", "it takes place at {}"],
            ),
            f("city|town", Word(City), &["in {}", "the city is {}"]),
            f("date|event_date|day", Day(2024, 2027), &["on {}", "the date is {}"]),
            f("doors_open|doors|admission_from", Clock, &["doors open at {}", "you get in from {}"]),
            f("ticket_price|price|entry", Money(500, 18_000), &["tickets are {}", "entry is {}", "a ticket costs {}"]),
            f(
                "sold_out|is_sold_out",
                Flag(&["there are still tickets", "seats are left"]),
                &["it is sold out", "no tickets left"],
            ),
            f("capacity|seats", Count(80, 20_000), &["there is room for {}", "the capacity is {}"]),
            f(
                "support_acts|support|also_playing",
                Many(Two(TITLES_B, &["Quartet", "Club", "Society", "Express", "Trio"]), 1, 3),
                &["supported by {}", "also playing: {}"],
            ),
            f("organizer|organised_by|promoter", Word(Company), &["organised by {}", "the promoter is {}"]),
            f("website|link|url", Word(Url), &["more at {}", "see {}"]),
        ],
    ),
    shape(
        "libraries",
        "book",
        &["Book record", "New on the shelf.", "Loan slip:", "Catalogue card"],
        &[
            f(
                "title|book_title|book",
                Word(Two(TITLES_A, TITLES_B)),
                &["the title is {}", "it is called {}", "{} is the book"],
            ),
            f("author|written_by|writer", Word(Person), &["written by {}", "the author is {}", "by {}"]),
            f("isbn|isbn_10", Word(Code("#-####-####-#")), &["ISBN {}", "the ISBN is {}"]),
            f("pages|page_count|number_of_pages", Count(60, 900), &["{} pages", "it has {} pages"]),
            f("published|year|publication_year", Count(1925, 2025), &["published in {}", "from the year {}"]),
            f(
                "genre|category",
                Choice(&[
                    ("fiction", &["a novel"]),
                    ("biography", &["a life story"]),
                    ("history", &["about the past"]),
                    ("poetry", &["poems", "verse"]),
                    ("science", &["popular science"]),
                ]),
                &["genre: {}", "it is {}"],
            ),
            f("borrower|lent_to|reader", Word(Person), &["lent to {}", "{} has it", "the borrower is {}"]),
            f("due_back|return_by|due_date", Day(2024, 2027), &["due back on {}", "return it by {}"]),
            f("shelf|shelf_mark|location", Word(Code("@@ ###")), &["shelf mark {}", "it stands at {}"]),
            f(
                "available|is_available|on_shelf",
                Flag(&["currently on loan", "not available"]),
                &["available now", "it is on the shelf"],
            ),
            f(
                "languages|translated_into",
                Many(One(&["French", "Turkish", "Danish", "Japanese", "Swahili", "Czech", "Hindi"]), 1, 3),
                &["also in {}", "translated into {}"],
            ),
        ],
    ),
    shape(
        "films",
        "review",
        &["Film review", "Saw this last night.", "My verdict:", "From the festival:"],
        &[
            f(
                "film|title|movie",
                Word(Two(TITLES_A, TITLES_B)),
                &["the film is {}", "we watched {}", "{} is the title"],
            ),
            f("director|directed_by", Word(Person), &["directed by {}", "{} directed it"]),
            f("cast|actors|starring", Many(Person, 1, 3), &["with {}", "starring {}"]),
            f("runtime_minutes|runtime|length_min", Count(70, 210), &["it runs {} minutes", "{} minutes long"]),
            f(
                "rating|stars|score",
                Measure(10, 100, 1, &[""]),
                &["I give it {} out of 10", "rating {}", "a {} from me"],
            ),
            f(
                "sentiment|opinion|verdict",
                Choice(&[
                    ("positive", &["loved it", "wonderful"]),
                    ("mixed", &["not bad, not great"]),
                    ("negative", &["a waste of time", "terrible"]),
                ]),
                &["in short: {}", "overall {}"],
            ),
            f("release_year|year", Count(1950, 2025), &["made in {}", "it came out in {}"]),
            f("country|made_in|origin", Word(Country), &["from {}", "a production from {}"]),
            f(
                "subtitled|has_subtitles",
                Flag(&["without subtitles", "no subtitles"]),
                &["with subtitles", "it was subtitled"],
            ),
            f("seen_on|watched_on", Day(2022, 2026), &["seen on {}", "I saw it on {}"]),
        ],
    ),
    shape(
        "games",
        "match-report",
        &["Match report", "Final whistle!", "Result in:", "From the sidelines."],
        &[
            f(
                "home_team|home|host",
                Word(Two(CLUB_A, CLUB_B)),
                &["at home: {}", "{} played at home", "the hosts were {}"],
            ),
            f(
                "away_team|away|guest|visitors",
                Word(Two(CLUB_A, CLUB_B)),
                &["away: {}", "the visitors were {}", "the guests: {}"],
            ),
            f(
                "score|result",
                Group(&[
                    f("home|home_goals", Count(0, 7), &["the hosts scored {}", "{} for the home side"]),
                    f("away|away_goals", Count(0, 7), &["the guests scored {}", "{} for the visitors"]),
                ]),
                &[],
            ),
            f(
                "attendance|spectators|crowd",
                Count(150, 60_000),
                &["in front of {} people", "{} spectators", "the crowd numbered {}"],
            ),
            f("date|played_on", Day(2021, 2026), &["played on {}", "on {}"]),
            f("kick_off|start", Clock, &["kick-off at {}", "it began at {}"]),
            f("referee|official", Word(Person), &["the referee was {}", "{} refereed"]),
            f(
                "scorers|goal_scorers",
                Rows(
                    &[
                        f("player|name", Word(Person), &["{}"]),
                        f("minute|min", Count(2, 94), &["in minute {}", "({} min)"]),
                    ],
                    1,
                    3,
                ),
                &["goals by {}", "the scorers: {}"],
            ),
            f(
                "extra_time|went_to_extra_time",
                Flag(&["decided in normal time", "no extra time"]),
                &["it went to extra time", "after extra time"],
            ),
            f(
                "competition|league",
                Choice(&[
                    ("league", &["in the league"]),
                    ("cup", &["in the cup"]),
                    ("friendly", &["a friendly match"]),
                ]),
                &["competition: {}", "it was {}"],
            ),
        ],
    ),
    shape(
        "restaurants",
        "reservation",
        &["Table reservation", "We would like to come for dinner.", "Booking request:", "A table, please."],
        &[
            f("guest|name|booked_by", Word(Person), &["the name is {}", "a table for {}", "booked by {}"]),
            f("party_size|guests|people", Count(2, 18), &["for {} people", "we are {}", "a party of {}"]),
            f("date|day", Day(2024, 2027), &["on {}", "the day is {}"]),
            f("time|arrival", Clock, &["at {}", "we arrive at {}"]),
            f("phone|contact_number", Word(Phone), &["our number is {}", "phone {}"]),
            f(
                "seating|area|table_type",
                Choice(&[
                    ("indoor", &["inside"]),
                    ("terrace", &["outside", "in the open"]),
                    ("bar", &["at the counter"]),
                    ("private", &["in a separate room"]),
                ]),
                &["seating: {}", "we prefer {}"],
            ),
            f(
                "dietary|dietary_needs|diets",
                Many(One(&["vegan", "gluten-free", "halal", "kosher", "lactose-free", "nut-free"]), 1, 3),
                &["please note: {}", "dietary needs: {}"],
            ),
            f(
                "high_chair|needs_high_chair",
                Flag(&["no high chair needed", "no small children"]),
                &["we need a high chair", "a high chair, please"],
            ),
            f(
                "occasion|reason",
                Word(One(&["birthday", "anniversary", "graduation", "business dinner", "reunion", "farewell"])),
                &["the occasion is a {}", "it is for a {}"],
            ),
            f("restaurant|venue", Word(Company), &["at {}", "the restaurant is {}"]),
        ],
    ),
    shape(
        "parties",
        "invitation",
        &["You are invited!", "Party time.", "Invitation", "We are celebrating."],
        &[
            f("host|hosted_by", Word(FirstName), &["{} is the host", "at {}'s place"]),
            f(
                "occasion|what|event",
                Word(One(&[
                    "housewarming",
                    "garden party",
                    "baby shower",
                    "retirement party",
                    "costume ball",
                    "barbecue",
                    "game night",
                ])),
                &["it is a {}", "the occasion: {}"],
            ),
            f("starts_at|when|start", Moment(2024, 2027), &["it starts {}", "come {}"]),
            f("place|location|where", Word(City), &["in {}", "the place is {}"]),
            f(
                "bring|to_bring|please_bring",
                Many(One(&["salad", "drinks", "swimwear", "a chair", "music", "dessert", "warm clothes"]), 1, 3),
                &["please bring {}", "bring along {}"],
            ),
            f("rsvp_by|reply_by", Day(2024, 2027), &["reply by {}", "let us know by {}"]),
            f(
                "plus_one|partners_welcome",
                Flag(&["no plus ones", "please come alone"]),
                &["bring somebody along", "plus ones are welcome"],
            ),
            f("max_guests|guest_limit", Count(6, 150), &["at most {} guests", "room for {}"]),
            f("contact|rsvp_email", Word(Email), &["write to {}", "answers to {}"]),
            f(
                "theme|dress_code",
                Word(One(&["black tie", "the seventies", "beach", "masquerade", "casual", "pirates"])),
                &["the theme is {}", "dress code: {}"],
            ),
        ],
    ),
    shape(
        "collections",
        "collectible",
        &["Collection entry", "Added to the cabinet:", "For my catalogue.", "New piece!"],
        &[
            f(
                "piece|object|name",
                Word(Two(
                    &["bronze", "tin", "porcelain", "carved", "painted", "miniature", "enamel"],
                    &["soldier", "badge", "locomotive", "figurine", "medal", "button", "thimble"],
                )),
                &["it is a {}", "the piece: {}"],
            ),
            f("maker|manufacturer", Word(Company), &["made by {}", "the maker is {}"]),
            f("year|year_made|made_in_year", Count(1850, 1999), &["from {}", "made in {}"]),
            f("paid|purchase_price|bought_for", Money(300, 90_000), &["I paid {}", "bought for {}"]),
            f("value|estimated_value|worth", Money(500, 300_000), &["it is worth {}", "valued at {}"]),
            f("acquired_on|bought_on", Day(2015, 2026), &["acquired on {}", "since {}"]),
            f("height_mm|height", Count(8, 400), &["{} mm high", "the height is {} mm"]),
            f(
                "boxed|has_box|original_box",
                Flag(&["the box is missing", "without a box"]),
                &["with its box", "the original box is there"],
            ),
            f("stored_with|next_to", Word(Product), &["it stands beside the {}", "kept with the {}"]),
            f(
                "grade|condition",
                Choice(&[("mint", &["perfect"]), ("fine", &["very good"]), ("worn", &["well used", "battered"])]),
                &["condition: {}", "grade {}"],
            ),
        ],
    ),
];

const CLUB_A: &[&str] = &[
    "Northfield",
    "Eastport",
    "Kingsmead",
    "Rivergate",
    "Stonebury",
    "Oakhaven",
    "Millbrook",
    "Westcliff",
    "Ashford",
    "Bramley",
    "Castleton",
    "Dunmore",
];
const CLUB_B: &[&str] = &["United", "Rovers", "City", "Athletic", "Wanderers", "Rangers", "Town", "Falcons", "Lions"];
