//! Computers and machines: bug reports, support tickets, deployments, servers, devices, cars, security, releases.

use super::super::shape::Kind::{Choice, Clock, Count, Day, Flag, Group, Many, Measure, Moment, Money, Rows, Word};
use super::super::shape::{Shape, f, shape};
use super::super::words::Source::{Code, Company, Email, FirstName, One, Person, Two, Url};

const APPS_A: &[&str] = &["Photo", "Invoice", "Map", "Chat", "Budget", "Note", "Music", "Fleet"];
const APPS_B: &[&str] = &["Desk", "Manager", "Studio", "Sync", "Viewer", "Planner", "Portal"];
const SERVICES: &[&str] = &[
    "checkout",
    "search-api",
    "billing",
    "auth",
    "image-resizer",
    "mailer",
    "gateway",
    "scheduler",
    "reports",
    "profile-store",
];

pub const SHAPES: &[Shape] = &[
    shape(
        "bug reports",
        "bug",
        &["Bug report", "Found a bug.", "Something is wrong:", "Crash!"],
        &[
            f("app|application|product", Word(Two(APPS_A, APPS_B)), &["it is in {}", "the app is {}", "using {}"]),
            f("version|app_version|build", Word(Code("#.#.#")), &["version {}", "I run {}", "the build is {}"]),
            f(
                "os|operating_system|platform",
                Choice(&[
                    ("windows", &["Windows 11"]),
                    ("macos", &["a Mac", "macOS"]),
                    ("linux", &["Ubuntu", "Fedora"]),
                    ("android", &["an Android phone"]),
                    ("ios", &["an iPhone"]),
                ]),
                &["on {}", "platform: {}"],
            ),
            f(
                "severity|priority|impact",
                Choice(&[
                    ("minor", &["just cosmetic", "a small thing"]),
                    ("major", &["a serious problem"]),
                    ("critical", &["nothing works any more", "a showstopper"]),
                ]),
                &["severity: {}", "how bad? {}"],
            ),
            f(
                "summary|title|problem",
                Word(Two(
                    &["crash", "freeze", "blank page", "wrong total", "endless spinner", "garbled text"],
                    &["on startup", "after login", "while printing", "when saving", "in dark mode", "after an update"],
                )),
                &["I get a {}", "the problem: {}"],
            ),
            f(
                "reproducible|can_reproduce|always",
                Flag(&["it happened only once", "I cannot reproduce it"]),
                &["it happens every time", "I can reproduce it"],
            ),
            f(
                "steps|steps_to_reproduce",
                Many(
                    Two(
                        &["open", "close", "resize", "reload", "rename"],
                        &["the menu", "a file", "the window", "the report", "the sidebar"],
                    ),
                    1,
                    4,
                ),
                &["steps: {}", "to see it: {}"],
            ),
            f("reporter|reported_by|user", Word(Person), &["reported by {}", "{} found it"]),
            f("error_code|code", Word(Code("E-####")), &["the error code is {}", "it says {}"]),
            f("first_seen|since|noticed_on", Day(2023, 2026), &["since {}", "first seen on {}"]),
            f("affected_users|users_affected", Count(2, 5_000), &["{} users are affected", "it hits {} people"]),
        ],
    ),
    shape(
        "support",
        "ticket",
        &["Support ticket", "I need help.", "Customer wrote:", "Helpdesk entry"],
        &[
            f("ticket_id|ticket|number", Word(Code("T######")), &["ticket {}", "the ticket number is {}"]),
            f("customer|requester|name", Word(Person), &["the customer is {}", "my name is {}"]),
            f("email|reply_to", Word(Email), &["reply to {}", "my mail is {}"]),
            f(
                "category|topic|type",
                Choice(&[
                    ("billing", &["a wrong invoice", "a payment problem"]),
                    ("technical", &["it does not work"]),
                    ("account", &["I cannot log in", "my password"]),
                    ("other", &["something else"]),
                ]),
                &["category: {}", "it is about {}"],
            ),
            f("urgent|is_urgent|escalate", Flag(&["it can wait", "no hurry"]), &["this is urgent", "please hurry"]),
            f("opened_at|created_at|received_at", Moment(2023, 2026), &["opened {}", "received {}"]),
            f("agent|assigned_to|handled_by", Word(FirstName), &["{} takes care of it", "assigned to {}"]),
            f("products|affected_products", Many(Two(APPS_A, APPS_B), 1, 2), &["it concerns {}", "products: {}"]),
            f(
                "status|state",
                Choice(&[
                    ("open", &["nobody has looked at it"]),
                    ("waiting", &["on hold", "waiting for an answer"]),
                    ("solved", &["fixed", "taken care of"]),
                ]),
                &["status: {}", "state: {}"],
            ),
            f("waiting_hours|response_hours", Count(2, 96), &["waiting for {} hours", "{} hours without an answer"]),
        ],
    ),
    shape(
        "deployments",
        "deployment",
        &["Deploy log", "Rolled out:", "Release to production.", "Change record"],
        &[
            f("service|component|app", Word(One(SERVICES)), &["the service is {}", "we deployed {}"]),
            f("version|tag|release", Word(Code("v#.##.#")), &["version {}", "tagged {}"]),
            f(
                "environment|env|stage",
                Choice(&[
                    ("dev", &["development"]),
                    ("staging", &["the test system"]),
                    ("production", &["prod", "live"]),
                ]),
                &["to {}", "environment: {}"],
            ),
            f("commit|sha|commit_hash", Word(Code("%%%%%%%")), &["commit {}", "built from {}"]),
            f("deployed_by|author|engineer", Word(FirstName), &["{} pushed the button", "deployed by {}"]),
            f("started_at|deployed_at|time", Moment(2023, 2026), &["started {}", "deployed {}"]),
            f("duration_seconds|seconds|took_seconds", Count(12, 1_900), &["it took {} seconds", "done in {} s"]),
            f("rolled_back|rollback", Flag(&["it stayed up", "no rollback"]), &["we had to roll back", "rolled back"]),
            f("replicas|instances|pods", Count(2, 48), &["{} replicas", "on {} instances"]),
            f(
                "changes|changelog",
                Many(
                    Two(&["faster", "safer", "new", "fixed"], &["login", "cache", "export", "retry logic", "timeouts"]),
                    1,
                    3,
                ),
                &["changes: {}", "it brings {}"],
            ),
        ],
    ),
    shape(
        "monitoring",
        "alert",
        &["ALERT", "Pager went off.", "Monitoring:", "Incident opened"],
        &[
            f("host|server|hostname", Word(Code("srv-##-@@")), &["host {}", "the server is {}", "on {}"]),
            f(
                "metric|check|what",
                Choice(&[
                    ("cpu", &["processor load"]),
                    ("memory", &["RAM"]),
                    ("disk", &["disk space", "storage"]),
                    ("latency", &["response time"]),
                ]),
                &["metric: {}", "it is about {}"],
            ),
            f("value|current|measured", Measure(10, 999, 1, &["%", "percent"]), &["currently {}", "measured {}"]),
            f("threshold|limit", Measure(50, 95, 0, &["%", "percent"]), &["the limit is {}", "threshold {}"]),
            f(
                "severity|level",
                Choice(&[
                    ("info", &["just so you know"]),
                    ("warning", &["keep an eye on it"]),
                    ("critical", &["act now", "on fire"]),
                ]),
                &["severity: {}", "level: {}"],
            ),
            f("triggered_at|fired_at|since", Moment(2023, 2026), &["triggered {}", "since {}"]),
            f(
                "acknowledged|acked",
                Flag(&["nobody has reacted", "not acknowledged"]),
                &["acknowledged", "somebody is on it"],
            ),
            f("on_call|engineer|owner", Word(Person), &["{} is on call", "on call: {}"]),
            f("services|affected_services", Many(One(SERVICES), 1, 3), &["affected: {}", "it touches {}"]),
            f("runbook|runbook_url|link", Word(Url), &["see {}", "the runbook is at {}"]),
            f("minutes_down|downtime_minutes", Count(2, 400), &["down for {} minutes", "{} minutes of downtime"]),
        ],
    ),
    shape(
        "devices",
        "asset",
        &["Asset register", "Device handed out.", "IT inventory:", "New equipment"],
        &[
            f("asset_tag|tag|inventory_number", Word(Code("IT-####")), &["asset tag {}", "labelled {}"]),
            f(
                "model|device|device_model",
                Word(Two(
                    &["Tangent", "Mirado", "Solus", "Kappa", "Brontes"],
                    &["300", "X1", "Air", "Pro 14", "Slim 5"],
                )),
                &["it is a {}", "the model is {}"],
            ),
            f("serial|serial_number", Word(Code("@@#####@")), &["serial number {}", "S/N {}"]),
            f("assigned_to|user|owner", Word(Person), &["assigned to {}", "{} uses it"]),
            f(
                "specs|hardware|specification",
                Group(&[
                    f("ram_gb|memory_gb", Count(4, 128), &["{} GB of memory", "{} GB RAM"]),
                    f("disk_gb|storage_gb", Count(64, 4_000), &["a disk of {} GB", "{} GB of storage"]),
                    f("cores|cpu_cores", Count(2, 32), &["{} cores"]),
                ]),
                &[],
            ),
            f("purchased_on|bought_on|purchase_date", Day(2018, 2026), &["bought on {}", "in use since {}"]),
            f("warranty_until|warranty_end", Day(2024, 2029), &["warranty until {}", "the warranty ends {}"]),
            f("price|cost|purchase_price", Money(8_000, 400_000), &["it cost {}", "price {}"]),
            f(
                "encrypted|disk_encrypted",
                Flag(&["the disk is not encrypted", "no encryption"]),
                &["the disk is encrypted", "encryption is on"],
            ),
            f("supplier|vendor", Word(Company), &["from {}", "the supplier was {}"]),
        ],
    ),
    shape(
        "cars",
        "workshop-job",
        &["Workshop order", "Car service.", "From the garage:", "My car needs a check."],
        &[
            f("plate|license_plate|registration", Word(Code("@@ ### @")), &["the plate is {}", "registration {}"]),
            f(
                "make_model|car|vehicle",
                Word(Two(
                    &["Arden", "Volmer", "Castello", "Nakado", "Brisa"],
                    &["Estate", "Coupé", "Hatch", "Van", "Cabrio", "GT"],
                )),
                &["it is a {}", "the car is a {}"],
            ),
            f("mileage_km|mileage|odometer", Count(900, 290_000), &["{} km on the clock", "the mileage is {} km"]),
            f("owner|customer", Word(Person), &["the owner is {}", "it belongs to {}"]),
            f(
                "jobs|work|work_done",
                Rows(
                    &[
                        f(
                            "job|task|work",
                            Word(One(&[
                                "oil change",
                                "brake pads",
                                "wheel alignment",
                                "new battery",
                                "timing belt",
                                "wiper blades",
                                "coolant flush",
                            ])),
                            &["{}"],
                        ),
                        f("price|cost", Money(1_500, 90_000), &["for {}", "({})", "at {}"]),
                        f("hours|labour_hours", Measure(3, 90, 1, &["h", "hours"]), &["{}", "taking {}"]),
                    ],
                    1,
                    3,
                ),
                &["to do: {}", "we did {}", "work: {}"],
            ),
            f(
                "fuel|fuel_type|engine",
                Choice(&[
                    ("petrol", &["gasoline"]),
                    ("diesel", &[]),
                    ("electric", &["battery powered"]),
                    ("hybrid", &[]),
                ]),
                &["fuel: {}", "the engine is {}"],
            ),
            f("ready_on|pickup_date|ready", Day(2024, 2027), &["ready on {}", "pick it up on {}"]),
            f("pickup_time|ready_at", Clock, &["from {}", "after {}"]),
            f(
                "inspection_passed|roadworthy",
                Flag(&["it failed the inspection", "not roadworthy"]),
                &["it passed the inspection", "roadworthy"],
            ),
            f(
                "loan_car|courtesy_car",
                Flag(&["no loan car", "no replacement needed"]),
                &["I need a loan car", "with a courtesy car"],
            ),
        ],
    ),
    shape(
        "security",
        "access-request",
        &["Access request", "Please grant access.", "For the admins:", "Permission change"],
        &[
            f("user|username|account", Word(Code("u%%%%")), &["the user is {}", "account {}"]),
            f("full_name|name|employee", Word(Person), &["the employee is {}", "it is for {}"]),
            f("system|application|resource", Word(Two(APPS_A, APPS_B)), &["access to {}", "the system is {}"]),
            f(
                "role|access_level|permission",
                Choice(&[
                    ("viewer", &["read only", "just looking"]),
                    ("editor", &["read and write"]),
                    ("admin", &["full rights", "everything"]),
                ]),
                &["role: {}", "rights: {}"],
            ),
            f("until|expires_on|valid_until", Day(2024, 2028), &["until {}", "it ends on {}"]),
            f("approved_by|approver|manager", Word(Person), &["approved by {}", "{} agreed"]),
            f(
                "mfa_enabled|two_factor|mfa",
                Flag(&["no second factor yet", "without two-factor login"]),
                &["two-factor login is on", "a second factor is set up"],
            ),
            f("ip_addresses|allowed_ips|ips", Many(Code("10.##.#.##"), 1, 3), &["from {}", "allowed addresses: {}"]),
            f("contact|email", Word(Email), &["questions to {}", "write to {}"]),
            f(
                "reason|purpose",
                Word(One(&["quarterly audit", "on-call duty", "data migration", "vacation cover", "penetration test"])),
                &["the reason is {}", "needed for {}"],
            ),
        ],
    ),
    shape(
        "software releases",
        "release-note",
        &["Release notes", "Out now!", "Changelog:", "We shipped something."],
        &[
            f("name|package|project", Word(Two(APPS_A, APPS_B)), &["{} has a new release", "the package is {}"]),
            f("version|release", Word(Code("#.##.#")), &["version {}", "this is {}"]),
            f("released_on|date|release_date", Day(2021, 2026), &["released on {}", "published {}"]),
            f(
                "features|new_features|added",
                Many(
                    Two(
                        &["faster", "dark-mode", "offline", "simpler", "touch"],
                        &["search", "sync", "export", "settings", "charts"],
                    ),
                    1,
                    3,
                ),
                &["new: {}", "it adds {}"],
            ),
            f(
                "breaking|breaking_changes|is_breaking",
                Flag(&["nothing breaks", "fully compatible"]),
                &["it has breaking changes", "not compatible with older versions"],
            ),
            f(
                "size_mb|download_mb|size",
                Measure(4, 9_000, 1, &["MB", "megabytes"]),
                &["{} to download", "the size is {}"],
            ),
            f(
                "license|licence",
                Choice(&[
                    ("MIT", &[]),
                    ("Apache-2.0", &["Apache"]),
                    ("GPL-3.0", &["the GPL"]),
                    ("proprietary", &["closed source"]),
                ]),
                &["licence: {}", "under {}"],
            ),
            f("maintainer|author|released_by", Word(Person), &["maintained by {}", "{} released it"]),
            f("downloads|download_count", Count(40, 900_000), &["{} downloads", "downloaded {} times"]),
            f("url|homepage|website", Word(Url), &["get it at {}", "more on {}"]),
            f("fixed_bugs|bugs_fixed|fixes", Count(2, 90), &["{} bugs fixed", "it fixes {} bugs"]),
        ],
    ),
];
