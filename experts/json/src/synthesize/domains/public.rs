//! Public life: schools, courts, police, elections, grants, news, charities, lost property, weather warnings.

use super::super::shape::Kind::{Choice, Clock, Count, Day, Flag, Group, Many, Measure, Moment, Money, Rows, Word};
use super::super::shape::{Shape, f, shape};
use super::super::words::Source::{
    City, Code, Company, Country, Email, FirstName, One, Person, Phone, Product, Street, Titled, Two,
};

pub const SHAPES: &[Shape] = &[
    shape(
        "schools",
        "enrolment",
        &["School enrolment", "New pupil.", "Registration:", "For the school office."],
        &[
            f("student|pupil|name", Word(Person), &["the pupil is {}", "{} joins us", "name: {}"]),
            f("birth_date|born_on|date_of_birth", Day(2005, 2019), &["born on {}", "the date of birth is {}"]),
            f("grade|year_group|class", Count(1, 12), &["grade {}", "goes into year {}"]),
            f(
                "guardian|parent|contact",
                Group(&[
                    f("name|guardian_name", Word(Person), &["the guardian is {}", "parent: {}"]),
                    f("phone|telephone", Word(Phone), &["reach them at {}", "phone {}"]),
                    f("email", Word(Email), &["mail {}", "e-mail address {}"]),
                ]),
                &["the contact at home is {}", "parents: {}"],
            ),
            f(
                "subjects|electives|courses",
                Many(
                    One(&[
                        "chemistry",
                        "Latin",
                        "drama",
                        "geometry",
                        "woodwork",
                        "music",
                        "geography",
                        "ethics",
                        "biology",
                    ]),
                    1,
                    4,
                ),
                &["takes {}", "subjects: {}"],
            ),
            f(
                "school_bus|takes_bus|needs_bus",
                Flag(&["walks to school", "no bus needed"]),
                &["takes the school bus", "needs a seat on the bus"],
            ),
            f(
                "lunch|meal_plan",
                Choice(&[
                    ("standard", &["the normal lunch"]),
                    ("vegetarian", &["no meat"]),
                    ("none", &["brings food along"]),
                ]),
                &["lunch: {}", "as for meals, {}"],
            ),
            f("start_date|first_day|starts_on", Day(2024, 2027), &["starts on {}", "the first day is {}"]),
            f("previous_school|comes_from", Word(City), &["came from a school in {}", "the last school was in {}"]),
        ],
    ),
    shape(
        "exams",
        "exam-result",
        &["Exam results", "Marks are out.", "From the examination board:", "Certificate data"],
        &[
            f("candidate|student|name", Word(Person), &["the candidate is {}", "{} sat the exam"]),
            f(
                "subject|course|paper",
                Word(One(&[
                    "physics",
                    "statistics",
                    "French",
                    "contract law",
                    "anatomy",
                    "philosophy",
                    "economics",
                    "algebra",
                ])),
                &["in {}", "the subject is {}"],
            ),
            f("score|points|marks", Count(12, 100), &["scored {} points", "{} marks", "the score is {}"]),
            f("max_score|out_of|maximum", Count(100, 200), &["out of {}", "the maximum is {}"]),
            f(
                "grade|letter_grade",
                Choice(&[("A", &[]), ("B", &[]), ("C", &[]), ("D", &[]), ("F", &[])]),
                &["the grade is {}", "grade {}"],
            ),
            f("passed|pass", Flag(&["failed", "did not pass"]), &["passed", "has passed"]),
            f("taken_on|exam_date|date", Day(2021, 2026), &["taken on {}", "the exam was on {}"]),
            f("examiner|marked_by", Word(Titled), &["marked by {}", "the examiner was {}"]),
            f("duration_minutes|minutes", Count(45, 240), &["it lasted {} minutes", "{} minutes were given"]),
            f(
                "remarks|topics_missed|weak_topics",
                Many(One(&["integrals", "grammar", "citations", "torts", "optics", "regression", "essays"]), 1, 2),
                &["weak in {}", "to revise: {}"],
            ),
        ],
    ),
    shape(
        "police",
        "incident-report",
        &["Incident report", "Reported to us today.", "Police log:", "Statement taken."],
        &[
            f("case_number|case_id|file_number", Word(Code("##-#####/@")), &["case {}", "the file number is {}"]),
            f(
                "offence|incident_type|type",
                Choice(&[
                    ("burglary", &["a break-in"]),
                    ("theft", &["something was stolen"]),
                    ("vandalism", &["damage to property", "graffiti"]),
                    ("accident", &["a collision", "a crash"]),
                ]),
                &["offence: {}", "it is a case of {}"],
            ),
            f(
                "place|location|scene",
                Group(&[
                    f("street|address", Word(Street), &["at {}", "the scene is {}"]),
                    f("city|town", Word(City), &["in {}", "the town is {}"]),
                ]),
                &["it happened at {}", "scene: {}"],
            ),
            f("occurred_at|time|happened_at", Moment(2021, 2026), &["it occurred {}", "time of the incident: {}"]),
            f("officer|reported_to|recorded_by", Word(Person), &["recorded by {}", "officer {}"]),
            f("witnesses|witness_names", Many(Person, 1, 3), &["witnesses: {}", "seen by {}"]),
            f("damage|estimated_damage|loss", Money(2_000, 5_000_000), &["damage of about {}", "the loss is {}"]),
            f(
                "arrest_made|arrest|suspect_arrested",
                Flag(&["nobody was arrested", "no arrest"]),
                &["one person was arrested", "there was an arrest"],
            ),
            f("vehicle_plate|plate|licence_plate", Word(Code("@@-## @@")), &["plate {}", "the car had the plate {}"]),
        ],
    ),
    shape(
        "courts",
        "hearing",
        &["Hearing notice", "Court calendar", "The court has set a date.", "Docket entry:"],
        &[
            f("docket|case_number|docket_number", Word(Code("#@-####")), &["docket {}", "the case number is {}"]),
            f("plaintiff|claimant", Word(Person), &["the plaintiff is {}", "{} sues"]),
            f("defendant|respondent", Word(Company), &["the defendant is {}", "against {}"]),
            f("judge|presiding_judge", Word(Person), &["Judge {} presides", "before judge {}"]),
            f("hearing_date|date", Day(2024, 2027), &["heard on {}", "the hearing is on {}"]),
            f("hearing_time|time", Clock, &["at {}", "it begins at {}"]),
            f("courtroom|room", Word(Code("#@")), &["courtroom {}", "in room {}"]),
            f(
                "amount_in_dispute|claim_amount|amount",
                Money(20_000, 9_000_000),
                &["{} is in dispute", "the claim is for {}"],
            ),
            f(
                "public|open_to_public",
                Flag(&["closed to the public", "behind closed doors"]),
                &["open to the public", "anybody may attend"],
            ),
            f(
                "matter|subject",
                Choice(&[
                    ("contract", &["a breach of contract"]),
                    ("tenancy", &["a dispute about a flat"]),
                    ("employment", &["a dismissal"]),
                    ("inheritance", &["a will"]),
                ]),
                &["matter: {}", "it concerns {}"],
            ),
        ],
    ),
    shape(
        "elections",
        "result",
        &["Election result", "Votes are counted.", "From the polling station:", "Provisional result"],
        &[
            f("district|constituency|precinct", Word(City), &["the district is {}", "in {}"]),
            f(
                "candidates|results|votes_by_candidate",
                Rows(
                    &[
                        f("name|candidate", Word(Person), &["{}"]),
                        f("votes|vote_count", Count(90, 40_000), &["with {} votes", "({} votes)", "got {}"]),
                    ],
                    2,
                    4,
                ),
                &["the count: {}", "on the ballot were {}"],
            ),
            f(
                "turnout_percent|turnout",
                Measure(310, 910, 1, &["%", "percent"]),
                &["turnout {}", "the turnout was {}"],
            ),
            f("invalid_votes|spoiled_ballots", Count(2, 900), &["{} invalid votes", "{} ballots were spoiled"]),
            f("date|election_day", Day(2018, 2026), &["on {}", "the vote was held on {}"]),
            f(
                "recount|recount_ordered",
                Flag(&["no recount", "the result stands"]),
                &["a recount was ordered", "they count again"],
            ),
            f(
                "office|elected_office",
                Choice(&[
                    ("mayor", &["the town hall"]),
                    ("council", &["the city council"]),
                    ("parliament", &["a seat in parliament"]),
                ]),
                &["office: {}", "it was about {}"],
            ),
            f("registered_voters|eligible", Count(2_000, 90_000), &["{} were registered", "{} people could vote"]),
        ],
    ),
    shape(
        "charities",
        "donation",
        &["Donation receipt", "Thank you for giving.", "Pledge form:", "A gift arrived."],
        &[
            f("donor|given_by|name", Word(Person), &["the donor is {}", "{} gave it"]),
            f("amount|donation|gift_amount", Money(500, 1_000_000), &["the gift is {}", "donated {}", "{} was given"]),
            f(
                "purpose|cause|project",
                Word(Two(
                    &["clean", "safe", "new", "warm"],
                    &["water wells", "school books", "winter coats", "animal shelters", "playgrounds", "kitchens"],
                )),
                &["it is for {}", "the purpose: {}"],
            ),
            f(
                "frequency|interval",
                Choice(&[("once", &["one time"]), ("monthly", &["every month"]), ("yearly", &["once a year"])]),
                &["frequency: {}", "how often: {}"],
            ),
            f("received_on|date", Day(2022, 2026), &["received on {}", "it came in on {}"]),
            f(
                "anonymous|stay_anonymous",
                Flag(&["the name may be printed", "you may mention the name"]),
                &["wants to stay anonymous", "no name, please"],
            ),
            f("receipt_number|receipt", Word(Code("R####-##")), &["receipt {}", "the receipt number is {}"]),
            f("country|region", Word(Country), &["to be spent in {}", "for people in {}"]),
            f("email|send_receipt_to", Word(Email), &["send the receipt to {}", "mail {}"]),
        ],
    ),
    shape(
        "lost property",
        "found-item",
        &["Lost and found", "Somebody handed this in.", "I lost something.", "Found today:"],
        &[
            f("item|object|what", Word(Product), &["it is a {}", "found: {}", "a {} was handed in"]),
            f(
                "color|colour",
                Word(One(&["crimson", "mustard", "black", "sky blue", "brown", "white", "emerald"])),
                &["the colour is {}", "it is {}"],
            ),
            f(
                "found_at|place|where",
                Word(Two(
                    &["platform", "gate", "counter", "bus stop", "bench", "locker"],
                    &["3", "7", "12", "21", "B", "F"],
                )),
                &["at {}", "the place was {}"],
            ),
            f("found_on|date", Day(2023, 2026), &["on {}", "the day was {}"]),
            f("finder|found_by|handed_in_by", Word(Person), &["found by {}", "{} brought it"]),
            f("claim_code|tag|tag_number", Word(Code("%%%%")), &["tag {}", "the claim code is {}"]),
            f(
                "contains|contents",
                Many(One(&["keys", "glasses", "a book", "coins", "a phone", "letters", "gloves"]), 1, 3),
                &["with {} inside", "it contains {}"],
            ),
            f(
                "claimed|returned|picked_up",
                Flag(&["nobody has claimed it", "still here"]),
                &["the owner has collected it", "already returned"],
            ),
            f("storage_days|kept_for_days", Count(7, 120), &["we keep it {} days", "kept for {} days"]),
        ],
    ),
    shape(
        "news",
        "press-item",
        &["News in brief", "Press release", "From the wire:", "Just in."],
        &[
            f(
                "headline|title",
                Word(Two(
                    &["Harbour", "Library", "Bridge", "Museum", "Stadium", "Market", "Airport"],
                    &[
                        "reopens after repairs",
                        "closes for winter",
                        "gets new roof",
                        "wins design prize",
                        "faces budget cuts",
                        "draws record crowd",
                    ],
                )),
                &["the headline reads {}", "{}", "headline: {}"],
            ),
            f("city|dateline|place", Word(City), &["from {}", "it happened in {}"]),
            f("published_on|date", Day(2020, 2026), &["published on {}", "dated {}"]),
            f("reporter|author|byline", Word(Person), &["by {}", "{} reports"]),
            f("people|persons|named", Many(Person, 1, 3), &["it names {}", "people mentioned: {}"]),
            f("organizations|companies|organisations", Many(Company, 1, 2), &["involved are {}", "organisations: {}"]),
            f(
                "category|section",
                Choice(&[
                    ("local", &["around here"]),
                    ("business", &["the economy"]),
                    ("culture", &["the arts"]),
                    ("sport", &["sports"]),
                ]),
                &["section: {}", "filed under {}"],
            ),
            f("word_count|length_words", Count(80, 2_500), &["{} words long", "it has {} words"]),
            f("cost|sum|amount", Money(1_000_000, 900_000_000), &["the cost is put at {}", "{} was spent"]),
            f("breaking|is_breaking", Flag(&["no rush", "not breaking"]), &["breaking news", "this is breaking"]),
            f("contact|press_contact", Word(FirstName), &["ask for {}", "press contact {}"]),
        ],
    ),
];
