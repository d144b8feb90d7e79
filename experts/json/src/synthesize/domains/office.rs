//! Work: jobs, applicants, meetings, expenses, leave, projects, contracts, time sheets, sales leads, surveys.

use super::super::shape::Kind::{
    Choice, Clock, Count, Currency, Day, Flag, Group, Many, Measure, Moment, Money, Rows, Word,
};
use super::super::shape::{Shape, f, shape};
use super::super::words::Source::{City, Code, Company, Email, FirstName, One, Person, Phone, Two, Url};

const SKILLS: &[&str] = &[
    "bookkeeping",
    "Python",
    "welding",
    "negotiation",
    "Spanish",
    "copywriting",
    "first aid",
    "forklift driving",
    "public speaking",
    "Excel",
    "carpentry",
    "data entry",
    "SQL",
    "photography",
    "sewing",
];
const ROLES_A: &[&str] = &["senior", "junior", "lead", "assistant", "chief", "deputy", "part-time", "regional"];
const ROLES_B: &[&str] = &[
    "accountant",
    "baker",
    "nurse",
    "electrician",
    "designer",
    "analyst",
    "gardener",
    "translator",
    "engineer",
    "cook",
    "librarian",
    "surveyor",
    "buyer",
];

pub const SHAPES: &[Shape] = &[
    shape(
        "job postings",
        "vacancy",
        &["We are hiring!", "Vacancy", "Open position:", "Job advertisement"],
        &[
            f(
                "title|position|job_title|role",
                Word(Two(ROLES_A, ROLES_B)),
                &["we are looking for a {}", "the position is {}", "wanted: {}"],
            ),
            f("employer|company|organization", Word(Company), &["the employer is {}", "{} is hiring", "at {}"]),
            f("location|city|workplace", Word(City), &["in {}", "the workplace is {}", "based in {}"]),
            f(
                "salary|salary_range|pay",
                Group(&[
                    f("min|from|minimum", Money(1_800_000, 5_000_000), &["it pays at least {}", "from {}"]),
                    f("max|to|maximum", Money(5_100_000, 12_000_000), &["up to {}", "{} at most"]),
                ]),
                &[],
            ),
            f(
                "remote|remote_possible|home_office",
                Flag(&["on site only", "no remote work"]),
                &["remote work is possible", "you can work from home"],
            ),
            f(
                "employment_type|contract|type",
                Choice(&[
                    ("full_time", &["full time", "40 hours a week"]),
                    ("part_time", &["part time", "half days"]),
                    ("temporary", &["limited to a year", "a temporary job"]),
                    ("internship", &["for interns"]),
                ]),
                &["employment: {}", "it is {}"],
            ),
            f(
                "skills|requirements|required_skills",
                Many(One(SKILLS), 1, 4),
                &["you should know {}", "required: {}", "we ask for {}"],
            ),
            f(
                "experience_years|years_of_experience|min_experience",
                Count(2, 12),
                &["{} years of experience", "at least {} years in the trade"],
            ),
            f("apply_by|deadline|closing_date", Day(2024, 2027), &["apply by {}", "the deadline is {}"]),
            f("contact_email|apply_to|email", Word(Email), &["send your papers to {}", "write to {}"]),
            f("start_date|starts_on", Day(2024, 2027), &["starting {}", "the job starts on {}"]),
        ],
    ),
    shape(
        "applications",
        "candidate",
        &["Application summary", "A new candidate.", "Résumé in short:", "Notes from the interview."],
        &[
            f("name|candidate|full_name", Word(Person), &["the candidate is {}", "{} applied", "name: {}"]),
            f("email|email_address", Word(Email), &["the e-mail is {}", "reachable at {}"]),
            f("phone|mobile", Word(Phone), &["the phone number is {}", "mobile {}"]),
            f("current_employer|employer|works_at", Word(Company), &["works at {}", "currently with {}"]),
            f("applied_for|position|role", Word(Two(ROLES_A, ROLES_B)), &["applied as {}", "for the post of {}"]),
            f("skills|strengths", Many(One(SKILLS), 1, 4), &["good at {}", "skills: {}"]),
            f(
                "education|degree",
                Choice(&[
                    ("none", &["no degree"]),
                    ("bachelor", &["a BSc", "a bachelor's degree"]),
                    ("master", &["an MSc", "a master's degree"]),
                    ("doctorate", &["a PhD"]),
                ]),
                &["education: {}", "holds {}"],
            ),
            f(
                "experience_years|years_experience",
                Count(2, 35),
                &["{} years of experience", "in the trade for {} years"],
            ),
            f(
                "expected_salary|salary_expectation",
                Money(2_000_000, 12_000_000),
                &["expects {}", "asks for {} a year"],
            ),
            f("notice_weeks|notice_period_weeks", Count(2, 26), &["{} weeks' notice", "the notice period is {} weeks"]),
            f(
                "driving_licence|has_licence",
                Flag(&["no driving licence", "does not drive"]),
                &["has a driving licence", "may drive"],
            ),
        ],
    ),
    shape(
        "meetings",
        "minutes",
        &["Meeting notes", "Minutes of today.", "Invitation to a meeting:", "Calendar entry"],
        &[
            f(
                "subject|topic|title",
                Word(Two(
                    &["budget", "website", "hiring", "safety", "roadmap", "supplier", "training"],
                    &["review", "kick-off", "planning", "workshop", "briefing", "retrospective"],
                )),
                &["the topic is {}", "it is about the {}", "subject: {}"],
            ),
            f("date|day", Day(2023, 2027), &["on {}", "the date is {}"]),
            f("start|start_time|from", Clock, &["it starts at {}", "from {}"]),
            f("end|end_time|until", Clock, &["it ends at {}", "until {}"]),
            f("room|location|place", Word(Code("@.###")), &["in room {}", "the room is {}"]),
            f(
                "attendees|participants|present",
                Many(Person, 1, 4),
                &["present: {}", "with {}", "the participants are {}"],
            ),
            f("chair|organizer|led_by", Word(Person), &["{} is in the chair", "led by {}"]),
            f(
                "action_items|actions|tasks",
                Rows(
                    &[
                        f(
                            "task|what|action",
                            Word(Two(
                                &["update", "send", "check", "draft", "book", "cancel"],
                                &[
                                    "the slides",
                                    "the contract",
                                    "the figures",
                                    "the venue",
                                    "the survey",
                                    "the invoice",
                                ],
                            )),
                            &["{}"],
                        ),
                        f("owner|who|assignee", Word(FirstName), &["^{}:", "({})", "by {}"]),
                        f("due|deadline", Day(2024, 2027), &["until {}", "due {}"]),
                    ],
                    1,
                    3,
                ),
                &["to do: {}", "the tasks are {}"],
            ),
            f(
                "online|is_online|remote",
                Flag(&["in person", "we meet in the building"]),
                &["online", "as a video call"],
            ),
            f("link|url|meeting_link", Word(Url), &["join at {}", "the link is {}"]),
        ],
    ),
    shape(
        "expenses",
        "expense-report",
        &["Expense report", "Please reimburse me.", "Travel costs:", "Receipts attached."],
        &[
            f("employee|submitted_by|name", Word(Person), &["submitted by {}", "the employee is {}"]),
            f(
                "expenses|items|entries",
                Rows(
                    &[
                        f(
                            "category|type|what",
                            Word(One(&["taxi", "hotel", "train", "lunch", "parking", "printing", "phone", "fuel"])),
                            &["{}"],
                        ),
                        f("amount|cost", Money(250, 60_000), &["{}", "for {}", "({})"]),
                        f("date|on", Day(2023, 2026), &["on {}"]),
                    ],
                    1,
                    4,
                ),
                &["I spent on {}", "expenses: {}", "there were {}"],
            ),
            f("total|total_amount|sum", Money(900, 400_000), &["in total {}", "the sum is {}"]),
            f("currency", Currency, &["all in {}", "the currency is {}"]),
            f("cost_center|cost_centre|charge_to", Word(Code("CC-####")), &["charge it to {}", "cost centre {}"]),
            f(
                "approved|is_approved",
                Flag(&["not approved yet", "approval is pending"]),
                &["approved", "my manager approved it"],
            ),
            f("trip_to|destination", Word(City), &["for the trip to {}", "the trip went to {}"]),
            f("iban|account", Word(Code("@@## #### #### ####")), &["pay it to {}", "the account is {}"]),
            f("submitted_on|date", Day(2023, 2026), &["handed in on {}", "submitted {}"]),
        ],
    ),
    shape(
        "personnel",
        "leave-request",
        &["Leave request", "I would like some days off.", "Absence note:", "For HR."],
        &[
            f("employee|name|requested_by", Word(Person), &["it is for {}", "{} asks for leave", "the employee is {}"]),
            f(
                "kind|leave_type|type",
                Choice(&[
                    ("vacation", &["holidays", "time off"]),
                    ("sick", &["ill", "not well"]),
                    ("parental", &["a new baby"]),
                    ("unpaid", &["without pay"]),
                ]),
                &["type: {}", "kind of leave: {}"],
            ),
            f("from|first_day|start_date", Day(2024, 2027), &["from {}", "the first day is {}"]),
            f("to|last_day|end_date", Day(2024, 2027), &["until {}", "the last day is {}"]),
            f("days|working_days|day_count", Count(1, 30), &["{} working days", "that is {} days"]),
            f("substitute|covered_by|stand_in", Word(Person), &["{} stands in", "covered by {}"]),
            f("manager|approver", Word(Person), &["the manager is {}", "to be approved by {}"]),
            f(
                "reachable|reachable_by_phone",
                Flag(&["not reachable", "please do not call"]),
                &["reachable by phone", "you can call any time"],
            ),
            f(
                "department|team|unit",
                Word(One(&["Accounting", "Logistics", "Support", "Research", "Legal", "Kitchen", "Security"])),
                &["the department is {}", "team {}"],
            ),
            f("remaining_days|days_left", Measure(5, 300, 1, &["days"]), &["{} remain", "after that {} are left"]),
        ],
    ),
    shape(
        "projects",
        "status-report",
        &["Project status", "Weekly report.", "Where we stand:", "Short update"],
        &[
            f(
                "project|project_name|name",
                Word(Two(
                    &["Project", "Operation", "Programme"],
                    &["Falcon", "Lighthouse", "Evergreen", "Compass", "Monsoon", "Granite", "Tulip", "Horizon"],
                )),
                &["the project is {}", "this is about {}", "{} goes on"],
            ),
            f("manager|owner|lead", Word(Person), &["led by {}", "the manager is {}"]),
            f(
                "status|health|traffic_light",
                Choice(&[
                    ("green", &["on track", "all is well"]),
                    ("yellow", &["some delay", "slightly behind"]),
                    ("red", &["in trouble", "badly late"]),
                ]),
                &["status: {}", "we are {}"],
            ),
            f(
                "progress_percent|progress|percent_done",
                Measure(5, 99, 0, &["%", "percent"]),
                &["{} done", "progress {}"],
            ),
            f("budget|total_budget", Money(500_000, 90_000_000), &["the budget is {}", "budgeted: {}"]),
            f("spent|spent_so_far|cost_to_date", Money(100_000, 50_000_000), &["{} spent so far", "costs to date {}"]),
            f("deadline|due_date|go_live", Day(2024, 2028), &["due on {}", "go-live is {}"]),
            f("team_size|headcount|people", Count(2, 60), &["{} people work on it", "a team of {}"]),
            f(
                "risks|open_risks|issues",
                Many(
                    Two(
                        &["late", "missing", "unclear", "costly"],
                        &["permits", "suppliers", "requirements", "staff", "tests"],
                    ),
                    1,
                    3,
                ),
                &["risks: {}", "we worry about {}"],
            ),
            f(
                "milestones|next_milestones",
                Rows(
                    &[
                        f(
                            "name|milestone",
                            Word(One(&["prototype", "pilot", "audit", "training", "rollout", "handover"])),
                            &["{}"],
                        ),
                        f("date|due", Day(2024, 2028), &["on {}", "by {}"]),
                    ],
                    1,
                    3,
                ),
                &["coming up: {}", "milestones: {}"],
            ),
        ],
    ),
    shape(
        "contracts",
        "contract",
        &["Contract data", "We signed it.", "Key terms:", "Agreement in short."],
        &[
            f("parties|between|signatories", Many(Company, 2, 3), &["between {}", "the parties are {}"]),
            f("contract_id|number|reference", Word(Code("C##/####")), &["contract number {}", "reference {}"]),
            f(
                "subject|about|purpose",
                Word(Two(
                    &["annual", "exclusive", "joint", "long-term"],
                    &["cleaning", "delivery", "licensing", "maintenance", "consulting", "catering"],
                )),
                &["it is about {}", "the subject is {}"],
            ),
            f("signed_on|signature_date|date", Day(2019, 2026), &["signed on {}", "dated {}"]),
            f("term_years|duration_years|years", Count(1, 15), &["it runs {} years", "for {} years"]),
            f("value|contract_value|fee", Money(100_000, 90_000_000), &["worth {}", "the fee is {}"]),
            f("notice_days|notice_period_days", Count(14, 180), &["{} days' notice", "notice of {} days"]),
            f(
                "renewable|can_be_renewed",
                Flag(&["it ends for good", "no renewal"]),
                &["it can be renewed", "renewal is possible"],
            ),
            f("governing_law|jurisdiction", Word(City), &["the courts of {} decide", "place of jurisdiction: {}"]),
        ],
    ),
    shape(
        "sales",
        "lead",
        &["New lead", "Met someone at the fair.", "For the CRM:", "Sales call"],
        &[
            f("company|account|firm", Word(Company), &["the company is {}", "{} showed interest"]),
            f(
                "contact|contact_person|person",
                Group(&[
                    f("name|full_name", Word(Person), &["I spoke to {}", "the contact is {}"]),
                    f("job_title|title", Word(Two(ROLES_A, ROLES_B)), &["job title: {}", "works as {}"]),
                    f("email|mail", Word(Email), &["mail {}", "the address is {}"]),
                    f("phone|tel", Word(Phone), &["phone {}", "the number is {}"]),
                ]),
                &["the contact is {}", "talk to {}"],
            ),
            f(
                "source|channel|came_from",
                Choice(&[
                    ("fair", &["the trade fair"]),
                    ("website", &["our web form"]),
                    ("referral", &["a recommendation"]),
                    ("cold_call", &["we called them"]),
                ]),
                &["source: {}", "the lead came from {}"],
            ),
            f("deal_size|expected_value|potential", Money(100_000, 50_000_000), &["it could bring {}", "potential {}"]),
            f(
                "probability_percent|probability|chance",
                Measure(5, 95, 0, &["%", "percent"]),
                &["chance {}", "{} likely"],
            ),
            f("next_step_on|follow_up|call_back", Day(2024, 2027), &["follow up on {}", "call back on {}"]),
            f(
                "interests|products|wants",
                Many(
                    Two(
                        &["cloud", "mobile", "office", "warehouse"],
                        &["software", "printing", "storage", "leasing", "security"],
                    ),
                    1,
                    3,
                ),
                &["interested in {}", "they want {}"],
            ),
            f(
                "decision_maker|decides",
                Flag(&["somebody else decides", "no decision maker"]),
                &["the contact decides", "a decision maker"],
            ),
            f("employees|headcount|company_size", Count(5, 9_000), &["{} employees", "they have {} people"]),
        ],
    ),
    shape(
        "surveys",
        "feedback",
        &["Customer feedback", "Survey answer:", "A comment came in.", "Feedback form"],
        &[
            f("respondent|customer|name", Word(Person), &["the answer is from {}", "{} wrote"]),
            f("rating|stars|score", Count(1, 10), &["rating {}", "{} points", "I give {}"]),
            f(
                "sentiment|mood|tone",
                Choice(&[
                    ("positive", &["very happy", "delighted"]),
                    ("neutral", &["neither happy nor unhappy", "indifferent"]),
                    ("negative", &["disappointed", "annoyed"]),
                ]),
                &["mood: {}", "I am {}"],
            ),
            f(
                "topics|mentions|aspects",
                Many(
                    One(&["delivery", "price", "quality", "staff", "website", "packaging", "hotline", "opening hours"]),
                    1,
                    3,
                ),
                &["it is about {}", "topics: {}"],
            ),
            f(
                "would_recommend|recommends",
                Flag(&["would not recommend it", "I cannot recommend you"]),
                &["would recommend it", "I tell all my friends"],
            ),
            f("visited_on|visit_date|date", Moment(2023, 2026), &["visited {}", "I was there {}"]),
            f("branch|store|location", Word(City), &["the branch in {}", "location {}"]),
            f("order_number|order_id|order", Word(Code("######")), &["about order {}", "the order was {}"]),
            f(
                "wants_reply|reply_wanted",
                Flag(&["no answer needed", "do not reply"]),
                &["please answer", "I want a reply"],
            ),
        ],
    ),
];
