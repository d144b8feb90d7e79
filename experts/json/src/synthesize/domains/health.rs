//! Medicine, care and sport: notes, prescriptions, appointments, laboratories, animals, training.

use super::super::shape::Kind::{Choice, Clock, Count, Day, Flag, Group, Many, Measure, Moment, Money, Rows, Word};
use super::super::shape::{Field, Shape, f, shape};
use super::super::words::Source::{Code, Company, FirstName, One, Person, Phone, Titled, Two};

const SYMPTOMS: &[&str] = &[
    "headache",
    "nausea",
    "dizziness",
    "dry cough",
    "fever",
    "back pain",
    "rash",
    "fatigue",
    "sore throat",
    "chest tightness",
    "blurred vision",
    "insomnia",
    "joint stiffness",
    "runny nose",
    "cramps",
];

const DRUGS: &[&str] = &[
    "ibuprofen",
    "amoxicillin",
    "metformin",
    "lisinopril",
    "omeprazole",
    "cetirizine",
    "paracetamol",
    "atorvastatin",
    "sertraline",
    "salbutamol",
    "levothyroxine",
    "prednisone",
];

const DOSE: &[Field] = &[
    f("drug|medicine|name", Word(One(DRUGS)), &["{}"]),
    f("dose_mg|milligrams|mg", Count(5, 800), &["{} mg", "({} mg)"]),
    f("times_per_day|daily|per_day", Count(1, 4), &["{} times a day", "{} x daily"]),
    f("days|duration_days", Count(3, 30), &["for {} days"]),
];

pub const SHAPES: &[Shape] = &[
    shape(
        "medical notes",
        "visit-note",
        &["Consultation note.", "Patient seen today.", "From the practice:", "Clinical summary"],
        &[
            f("patient|patient_name|name", Word(Person), &["the patient is {}", "{} came in", "seen: {}"]),
            f("age|age_years", Count(2, 95), &["aged {}", "the patient is {} years old", "{} years of age"]),
            f(
                "symptoms|complaints",
                Many(One(SYMPTOMS), 1, 4),
                &["complains of {}", "presents with {}", "symptoms: {}"],
            ),
            f(
                "temperature_c|temperature|temp",
                Measure(355, 405, 1, &["°C", "degrees Celsius"]),
                &["temperature {}", "the temperature is {}", "measured {}"],
            ),
            f(
                "pulse|heart_rate|pulse_bpm",
                Count(48, 150),
                &["pulse {}", "the heart rate is {}", "{} beats per minute"],
            ),
            f(
                "blood_pressure|bp",
                Group(&[
                    f("systolic|upper", Count(95, 190), &["systolic {}", "the upper value is {}"]),
                    f("diastolic|lower", Count(55, 110), &["diastolic {}", "the lower value is {}"]),
                ]),
                &[],
            ),
            f("medication|prescriptions|drugs", Rows(DOSE, 1, 2), &["prescribed {}", "takes {}", "medication: {}"]),
            f(
                "allergies|known_allergies",
                Many(One(&["penicillin", "peanuts", "latex", "pollen", "shellfish", "aspirin", "eggs"]), 1, 2),
                &["allergic to {}", "known allergies: {}"],
            ),
            f("smoker|is_smoker|smokes", Flag(&["does not smoke", "a non-smoker"]), &["smokes", "a smoker"]),
            f(
                "follow_up|follow_up_on|next_visit",
                Day(2023, 2027),
                &["next visit on {}", "come back on {}", "follow-up {}"],
            ),
            f("doctor|physician|seen_by", Word(Titled), &["seen by {}", "the doctor was {}", "{} examined"]),
        ],
    ),
    shape(
        "pharmacy",
        "prescription",
        &["Prescription", "Repeat prescription request.", "For the pharmacy:", "Refill please."],
        &[
            f("patient|for_patient", Word(Person), &["it is for {}", "the patient is {}"]),
            f("drug|medication|medicine", Word(One(DRUGS)), &["the drug is {}", "please dispense {}", "{} as before"]),
            f("dose_mg|strength_mg|strength", Count(5, 900), &["{} mg", "the strength is {} mg", "tablets of {} mg"]),
            f("tablets|pack_size|quantity", Count(10, 120), &["{} tablets", "a pack of {}", "dispense {} pieces"]),
            f(
                "route|taken",
                Choice(&[
                    ("oral", &["by mouth", "swallowed"]),
                    ("inhaled", &["with the inhaler"]),
                    ("topical", &["on the skin"]),
                    ("injected", &["as an injection"]),
                ]),
                &["to be taken: {}", "route {}"],
            ),
            f(
                "with_food|take_with_food",
                Flag(&["on an empty stomach", "not with meals"]),
                &["take it with food", "only with meals"],
            ),
            f("refills|repeats", Count(2, 9), &["{} refills", "may be repeated {} times"]),
            f("prescriber|prescribed_by|doctor", Word(Titled), &["prescribed by {}", "{} signed it"]),
            f("valid_until|expires", Day(2023, 2027), &["valid until {}", "it expires on {}"]),
            f("copay|patient_pays", Money(200, 6_000), &["the patient pays {}", "copay {}"]),
        ],
    ),
    shape(
        "appointments",
        "booking",
        &["Appointment request", "I need an appointment.", "Booking:", "Can you fit this in?"],
        &[
            f("name|client|person", Word(Person), &["my name is {}", "it is for {}", "{} is coming"]),
            f(
                "service|treatment|reason",
                Word(One(&[
                    "haircut",
                    "dental cleaning",
                    "eye test",
                    "massage",
                    "vaccination",
                    "physiotherapy",
                    "tax advice",
                    "passport photo",
                    "manicure",
                    "hearing test",
                    "tyre change",
                    "guitar lesson",
                ])),
                &["I need a {}", "it is for a {}", "booked: {}"],
            ),
            f("date|day|on", Day(2024, 2027), &["on {}", "the date is {}", "could we do {}"]),
            f("time|start_time|at", Clock, &["at {}", "starting at {}", "{} would suit"]),
            f(
                "duration_minutes|duration|length_min",
                Count(10, 120),
                &["it takes {} minutes", "plan {} minutes", "for {} min"],
            ),
            f("with|staff|practitioner", Word(FirstName), &["with {}", "{} will do it", "I would like {} again"]),
            f("phone|callback_number", Word(Phone), &["my number is {}", "call {} if needed"]),
            f(
                "first_visit|new_client|is_new",
                Flag(&["I have been there before", "a regular client"]),
                &["it is my first visit", "I am new there"],
            ),
            f(
                "reminder|remind_by",
                Choice(&[("sms", &["a text message"]), ("email", &["an e-mail"]), ("none", &["no reminder"])]),
                &["reminder: {}", "as a reminder, {}"],
            ),
        ],
    ),
    shape(
        "laboratories",
        "lab-result",
        &["Lab report", "Results are in.", "Sample analysed.", "From the laboratory:"],
        &[
            f(
                "sample_id|specimen|sample",
                Word(Code("L##-####")),
                &["sample {}", "the sample is {}", "specimen id {}"],
            ),
            f("patient|name", Word(Person), &["taken from {}", "the patient is {}"]),
            f("collected_at|taken_at|drawn_at", Moment(2022, 2026), &["collected {}", "taken {}", "drawn {}"]),
            f(
                "results|values|measurements",
                Rows(
                    &[
                        f(
                            "analyte|test|marker",
                            Word(One(&[
                                "sodium",
                                "glucose",
                                "ferritin",
                                "creatinine",
                                "haemoglobin",
                                "calcium",
                                "urea",
                                "albumin",
                                "magnesium",
                            ])),
                            &["{}"],
                        ),
                        f("value|result", Measure(3, 1_500, 1, &[""]), &["{}", "of {}"]),
                        f("unit", Word(One(&["mmol/L", "mg/dL", "g/L", "µg/L", "U/L"])), &["{}"]),
                    ],
                    1,
                    4,
                ),
                &["found {}", "results: {}", "measured {}"],
            ),
            f(
                "fasting|fasted",
                Flag(&["not fasting", "the patient had eaten"]),
                &["fasting", "the patient had fasted"],
            ),
            f(
                "status|report_status",
                Choice(&[
                    ("final", &["finished"]),
                    ("preliminary", &["first figures only"]),
                    ("corrected", &["replaces an earlier report"]),
                ]),
                &["status: {}", "the report is {}"],
            ),
            f("technician|analysed_by", Word(Person), &["analysed by {}", "{} ran the tests"]),
        ],
    ),
    shape(
        "veterinary",
        "animal-patient",
        &["Vet visit.", "About our pet:", "Animal patient record", "From the animal clinic."],
        &[
            f("name|pet_name|animal", Word(FirstName), &["the animal is called {}", "{} is the patient", "name: {}"]),
            f(
                "species|kind",
                Choice(&[
                    ("dog", &["puppy"]),
                    ("cat", &["kitten", "tomcat"]),
                    ("rabbit", &["bunny"]),
                    ("bird", &["parrot", "budgie"]),
                    ("horse", &["pony", "mare"]),
                ]),
                &["it is a {}", "a {}"],
            ),
            f(
                "breed",
                Word(One(&[
                    "Beagle",
                    "Siamese",
                    "Labrador",
                    "Persian",
                    "Collie",
                    "Maine Coon",
                    "Dachshund",
                    "Ragdoll",
                    "Poodle",
                    "Haflinger",
                ])),
                &["the breed is {}", "breed: {}"],
            ),
            f(
                "weight_kg|weight",
                Measure(5, 450, 1, &["kg", "kilos", "kilograms"]),
                &["it weighs {}", "weight {}", "on the scale: {}"],
            ),
            f("owner|owner_name", Word(Person), &["the owner is {}", "it belongs to {}", "{} brought it in"]),
            f(
                "vaccinated|is_vaccinated",
                Flag(&["not vaccinated", "the vaccinations are missing"]),
                &["it is vaccinated", "all vaccinations are done"],
            ),
            f(
                "treatment|procedure",
                Word(One(&[
                    "deworming",
                    "dental scaling",
                    "stitches",
                    "an X-ray",
                    "a blood test",
                    "claw trimming",
                    "ear rinsing",
                ])),
                &["it got {}", "treatment: {}"],
            ),
            f("born_on|birth_date", Day(2010, 2025), &["born on {}", "the birthday is {}"]),
            f("fee|cost|charge", Money(1_500, 80_000), &["the fee is {}", "it cost {}", "charged {}"]),
            f("chip_number|microchip", Word(Code("### ### ###")), &["the chip number is {}", "chip {}"]),
        ],
    ),
    shape(
        "fitness",
        "workout",
        &["Training log", "Workout done!", "Today's session:", "Gym diary"],
        &[
            f("athlete|member|name", Word(FirstName), &["{} trained", "the athlete is {}"]),
            f(
                "activity|sport|type",
                Choice(&[
                    ("running", &["a run", "jogging"]),
                    ("cycling", &["a bike ride"]),
                    ("swimming", &["a swim"]),
                    ("rowing", &["the rowing machine"]),
                    ("strength", &["weights", "lifting"]),
                ]),
                &["activity: {}", "it was {}"],
            ),
            f(
                "distance_km|distance",
                Measure(8, 420, 1, &["km", "kilometres", "kilometers"]),
                &["{} in total", "covered {}", "the distance was {}"],
            ),
            f(
                "duration_minutes|minutes|duration_min",
                Count(12, 180),
                &["it took {} minutes", "{} min", "for {} minutes"],
            ),
            f("calories|kcal|energy_kcal", Count(80, 1_800), &["burned {} kcal", "{} calories"]),
            f("average_heart_rate|avg_hr", Count(95, 178), &["average heart rate {}", "the pulse was {} on average"]),
            f("date|day", Day(2022, 2026), &["on {}", "that was {}"]),
            f(
                "exercises|sets",
                Rows(
                    &[
                        f(
                            "exercise|name",
                            Word(One(&[
                                "squats",
                                "push-ups",
                                "deadlifts",
                                "lunges",
                                "pull-ups",
                                "bench press",
                                "plank rows",
                                "burpees",
                            ])),
                            &["{}"],
                        ),
                        f("reps|repetitions", Count(3, 25), &["{} reps", "x {}"]),
                        f("weight_kg|load_kg", Count(5, 140), &["with {} kg", "at {} kg"]),
                    ],
                    1,
                    3,
                ),
                &["did {}", "exercises: {}"],
            ),
            f("indoors|indoor", Flag(&["outside", "in the open air"]), &["indoors", "inside because of the rain"]),
        ],
    ),
    shape(
        "nutrition",
        "meal",
        &["Food diary.", "What I ate:", "Meal log", "For the dietician."],
        &[
            f(
                "meal|meal_type",
                Choice(&[
                    ("breakfast", &["in the morning"]),
                    ("lunch", &["at noon"]),
                    ("dinner", &["supper", "in the evening"]),
                    ("snack", &["in between"]),
                ]),
                &["meal: {}", "that was {}"],
            ),
            f(
                "foods|items|eaten",
                Many(
                    Two(
                        &["grilled", "steamed", "raw", "fried", "baked", "pickled", "smoked"],
                        &["salmon", "carrots", "tofu", "potatoes", "chicken", "aubergine", "beans", "mushrooms"],
                    ),
                    1,
                    4,
                ),
                &["I had {}", "eaten: {}", "on the plate: {}"],
            ),
            f("calories|kcal|energy", Count(90, 1_400), &["about {} kcal", "{} calories"]),
            f("protein_g|protein", Count(3, 90), &["{} g of protein", "protein {} g"]),
            f("water_ml|water", Count(100, 1_500), &["drank {} ml of water", "{} ml water"]),
            f("eaten_at|time", Clock, &["at {}", "eaten at {}"]),
            f(
                "homemade|home_cooked",
                Flag(&["from a restaurant", "it was takeaway"]),
                &["homemade", "I cooked it myself"],
            ),
            f("cost|price", Money(150, 6_000), &["it cost {}", "paid {}"]),
            f("place|where", Word(Company), &["at {}", "the place was {}"]),
        ],
    ),
];
