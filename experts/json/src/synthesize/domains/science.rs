//! Measuring and making: sensors, weather, experiments, astronomy, farms, wildlife, quality control, chemistry.

use super::super::shape::Kind::{Choice, Count, Day, Flag, Group, Many, Measure, Moment, Money, Rows, Word};
use super::super::shape::{Shape, f, shape};
use super::super::words::Source::{City, Code, Company, One, Person, Product, Two};

pub const SHAPES: &[Shape] = &[
    shape(
        "sensors",
        "reading",
        &["Sensor log", "Telemetry:", "Reading received.", "From the field device."],
        &[
            f("sensor_id|device|device_id", Word(Code("SN-%%%%")), &["the sensor is {}", "device {}", "from {}"]),
            f(
                "temperature_c|temperature|temp_c",
                Measure(-250, 480, 1, &["°C", "degrees C", "C"]),
                &["temperature {}", "it measures {}", "{} right now"],
            ),
            f(
                "humidity_percent|humidity|rel_humidity",
                Measure(5, 99, 0, &["%", "percent"]),
                &["humidity {}", "the air has {} humidity"],
            ),
            f("pressure_hpa|pressure", Measure(9_700, 10_450, 1, &["hPa"]), &["pressure {}", "the barometer is at {}"]),
            f("battery_percent|battery|charge", Count(3, 100), &["battery at {} percent", "{} percent charge left"]),
            f("recorded_at|timestamp|measured_at", Moment(2022, 2026), &["recorded {}", "measured {}"]),
            f(
                "status|state",
                Choice(&[
                    ("ok", &["working fine", "all good"]),
                    ("warning", &["needs attention"]),
                    ("error", &["faulty", "failed"]),
                ]),
                &["status: {}", "state {}"],
            ),
            f(
                "position|coordinates|gps",
                Group(&[
                    f("lat|latitude", Measure(-890, 890, 1, &[""]), &["latitude {}"]),
                    f("lon|longitude|lng", Measure(-1_790, 1_790, 1, &[""]), &["longitude {}"]),
                ]),
                &[],
            ),
            f(
                "calibrated|is_calibrated",
                Flag(&["not calibrated", "calibration is missing"]),
                &["calibrated", "calibration is valid"],
            ),
        ],
    ),
    shape(
        "weather",
        "forecast",
        &["Weather forecast", "Outlook:", "Tomorrow's weather.", "Bulletin"],
        &[
            f("location|place|city", Word(City), &["for {}", "the place is {}"]),
            f("date|day|valid_on", Day(2023, 2027), &["on {}", "valid for {}"]),
            f("high_c|max_temp|high", Count(-9, 43), &["highs of {} degrees", "up to {} °C"]),
            f("low_c|min_temp|low", Count(-25, 25), &["lows of {} degrees", "down to {} °C"]),
            f(
                "wind|wind_info",
                Group(&[
                    f("speed_kmh|speed", Count(3, 120), &["the wind blows at {} km/h", "wind speed {} km/h"]),
                    f(
                        "direction|from",
                        Choice(&[("N", &["north"]), ("E", &["east"]), ("S", &["south"]), ("W", &["west"])]),
                        &["it comes from the {}", "wind direction {}"],
                    ),
                ]),
                &[],
            ),
            f(
                "sky|conditions|condition",
                Choice(&[
                    ("clear", &["sunny", "no clouds"]),
                    ("cloudy", &["overcast", "grey"]),
                    ("rain", &["showers", "wet"]),
                    ("snow", &["flurries"]),
                    ("fog", &["mist"]),
                ]),
                &["sky: {}", "conditions: {}"],
            ),
            f(
                "rain_mm|precipitation_mm|rainfall",
                Measure(2, 600, 1, &["mm", "millimetres"]),
                &["{} of rain", "rainfall {}"],
            ),
            f(
                "warning|warning_issued|alert",
                Flag(&["no warnings", "nothing to warn of"]),
                &["a warning is out", "there is a warning"],
            ),
            f("uv_index|uv", Count(1, 11), &["UV index {}", "the UV index is {}"]),
        ],
    ),
    shape(
        "experiments",
        "run",
        &["Lab notebook", "Experiment done.", "Run protocol:", "Notes on today's trial"],
        &[
            f("experiment|experiment_id|run_id", Word(Code("EXP-###")), &["this is {}", "the run is {}"]),
            f("researcher|scientist|operator", Word(Person), &["run by {}", "{} did it", "the operator was {}"]),
            f(
                "substance|material|compound",
                Word(One(&[
                    "sodium acetate",
                    "graphene oxide",
                    "copper sulfate",
                    "agar",
                    "polystyrene",
                    "ethanol",
                    "titanium dioxide",
                    "glycerol",
                ])),
                &["we used {}", "the material was {}"],
            ),
            f(
                "concentration_percent|concentration",
                Measure(2, 400, 1, &["%", "percent"]),
                &["at {}", "concentration {}"],
            ),
            f("temperature_k|temperature", Count(77, 900), &["at {} K", "temperature {} K"]),
            f("trials|repetitions|replicates", Count(2, 40), &["{} trials", "repeated {} times"]),
            f("yield_percent|yield", Measure(30, 990, 1, &["%", "percent"]), &["the yield was {}", "yield {}"]),
            f("successful|success|succeeded", Flag(&["it failed", "without success"]), &["it worked", "a success"]),
            f("started_at|start", Moment(2022, 2026), &["started {}", "begun {}"]),
            f(
                "instruments|equipment|devices",
                Many(
                    One(&[
                        "centrifuge",
                        "spectrometer",
                        "pipette",
                        "fume hood",
                        "oscilloscope",
                        "autoclave",
                        "balance",
                    ]),
                    1,
                    3,
                ),
                &["with {}", "instruments: {}"],
            ),
            f(
                "samples|measurements",
                Rows(
                    &[
                        f("label|sample", Word(Code("@#")), &["{}"]),
                        f("mass_g|mass", Measure(2, 900, 1, &["g", "grams"]), &["of {}", "({})", "weighing {}"]),
                    ],
                    2,
                    4,
                ),
                &["samples: {}", "we weighed {}"],
            ),
        ],
    ),
    shape(
        "astronomy",
        "observation",
        &["Observation log", "Clear night!", "At the telescope:", "Observer's note"],
        &[
            f(
                "object|target|body",
                Word(Two(&["NGC", "Messier", "IC", "HD"], &["1042", "57", "3370", "891", "2244", "512", "7009"])),
                &["the target was {}", "we looked at {}", "object: {}"],
            ),
            f(
                "kind|object_type|class",
                Choice(&[
                    ("galaxy", &["a spiral"]),
                    ("nebula", &["a gas cloud"]),
                    ("star", &["a sun"]),
                    ("cluster", &["a star cluster"]),
                    ("planet", &[]),
                ]),
                &["it is a {}", "type: {}"],
            ),
            f("magnitude|brightness", Measure(-20, 160, 1, &[""]), &["magnitude {}", "its brightness is {}"]),
            f(
                "distance_ly|light_years|distance",
                Count(4, 90_000),
                &["{} light years away", "the distance is {} light years"],
            ),
            f("observed_at|seen_at|time", Moment(2021, 2026), &["observed {}", "seen {}"]),
            f("observer|seen_by", Word(Person), &["by {}", "the observer was {}"]),
            f("aperture_mm|aperture|telescope_mm", Count(60, 600), &["with an aperture of {} mm", "a {} mm telescope"]),
            f(
                "photographed|photo_taken|has_image",
                Flag(&["no picture", "not photographed"]),
                &["I took a picture", "photographed"],
            ),
            f("exposures|frames", Count(2, 300), &["{} exposures", "{} frames"]),
            f("site|place", Word(City), &["near {}", "the site is {}"]),
        ],
    ),
    shape(
        "farms",
        "harvest",
        &["Harvest record", "From the fields.", "Farm diary:", "Crop report"],
        &[
            f("farm|grower|producer", Word(Company), &["the farm is {}", "grown by {}"]),
            f(
                "crop|fruit|produce",
                Word(One(&[
                    "barley",
                    "plums",
                    "hops",
                    "rapeseed",
                    "pumpkins",
                    "oats",
                    "hazelnuts",
                    "asparagus",
                    "cherries",
                    "flax",
                ])),
                &["the crop is {}", "we brought in {}"],
            ),
            f("field|plot|parcel", Word(Code("F-##")), &["field {}", "on plot {}"]),
            f("area_ha|hectares|area", Measure(3, 900, 1, &["ha", "hectares"]), &["{} of land", "the area is {}"]),
            f(
                "yield_tonnes|tonnes|yield",
                Measure(5, 3_000, 1, &["t", "tonnes", "tons"]),
                &["it gave {}", "the yield is {}", "{} in all"],
            ),
            f("harvested_on|harvest_date|date", Day(2019, 2026), &["harvested on {}", "brought in on {}"]),
            f(
                "organic|is_organic|certified_organic",
                Flag(&["conventionally grown", "not organic"]),
                &["organic", "certified organic"],
            ),
            f(
                "moisture_percent|moisture",
                Measure(60, 280, 1, &["%", "percent"]),
                &["moisture {}", "with {} moisture"],
            ),
            f("price_per_tonne|price", Money(8_000, 200_000), &["{} a tonne", "sold at {} per tonne"]),
            f(
                "machines|equipment",
                Many(One(&["combine", "baler", "tractor", "sprayer", "trailer", "plough"]), 1, 3),
                &["we used {}", "machines: {}"],
            ),
            f(
                "grade|quality",
                Choice(&[
                    ("first", &["top quality"]),
                    ("second", &["decent quality"]),
                    ("feed", &["only good for animals"]),
                ]),
                &["quality: {}", "grade {}"],
            ),
        ],
    ),
    shape(
        "wildlife",
        "sighting",
        &["Sighting!", "Wildlife record", "Seen on my walk:", "Ranger's note"],
        &[
            f(
                "species|animal|what",
                Word(One(&[
                    "red fox",
                    "grey heron",
                    "roe deer",
                    "otter",
                    "barn owl",
                    "lynx",
                    "kingfisher",
                    "hedgehog",
                    "osprey",
                    "badger",
                    "adder",
                ])),
                &["I saw {}", "species: {}", "it was {}"],
            ),
            f("count|individuals|number", Count(1, 60), &["{} of them", "{} animals", "counted {}"]),
            f("observer|reported_by|name", Word(Person), &["reported by {}", "the observer is {}"]),
            f("seen_at|time|observed_at", Moment(2021, 2026), &["seen {}", "that was {}"]),
            f(
                "habitat|place_type",
                Choice(&[
                    ("forest", &["among the trees", "the woods"]),
                    ("meadow", &["open grassland"]),
                    ("wetland", &["the marsh", "by the pond"]),
                    ("urban", &["in town", "between houses"]),
                ]),
                &["habitat: {}", "where: {}"],
            ),
            f("near|nearest_town|place", Word(City), &["near {}", "not far from {}"]),
            f(
                "young|juveniles|young_present",
                Flag(&["no young", "adults only"]),
                &["with young", "there were young ones"],
            ),
            f("distance_m|distance", Count(3, 900), &["{} m away", "from a distance of {} metres"]),
            f(
                "behaviour|behavior|activity",
                Word(One(&["feeding", "resting", "hunting", "calling", "drinking", "nesting"])),
                &["it was {}", "behaviour: {}"],
            ),
            f(
                "evidence|proof",
                Many(One(&["photo", "tracks", "feathers", "droppings", "video", "sound recording"]), 1, 2),
                &["evidence: {}", "I have {}"],
            ),
        ],
    ),
    shape(
        "quality control",
        "inspection",
        &["Inspection report", "Quality check.", "From the test bench:", "Batch release"],
        &[
            f("batch|batch_number|lot", Word(Code("B#####")), &["batch {}", "the lot is {}"]),
            f("product|article|part", Word(Product), &["the product is a {}", "we checked the {}"]),
            f("inspector|checked_by|inspected_by", Word(Person), &["inspected by {}", "{} checked it"]),
            f(
                "sample_size|inspected|pieces_checked",
                Count(5, 900),
                &["{} pieces were checked", "the sample size is {}"],
            ),
            f("defects|defective|rejects", Count(2, 60), &["{} were defective", "{} defects"]),
            f(
                "result|decision|outcome",
                Choice(&[
                    ("accepted", &["passed", "fine to ship"]),
                    ("rejected", &["failed", "back to the line"]),
                    ("rework", &["to be repaired"]),
                ]),
                &["result: {}", "decision: {}"],
            ),
            f(
                "dimensions|measurements|size",
                Group(&[
                    f("length_mm|length", Measure(20, 9_000, 1, &["mm"]), &["length {}", "it is {} long"]),
                    f("width_mm|width", Measure(20, 6_000, 1, &["mm"]), &["width {}", "{} wide"]),
                    f("height_mm|height", Measure(20, 4_000, 1, &["mm"]), &["height {}", "{} high"]),
                ]),
                &[],
            ),
            f("inspected_on|date", Day(2022, 2026), &["on {}", "the check was on {}"]),
            f(
                "stop_shipment|hold",
                Flag(&["it may be shipped", "no need to stop it"]),
                &["stop the shipment", "hold it back"],
            ),
            f(
                "faults|defect_types|findings",
                Rows(
                    &[
                        f(
                            "fault|type",
                            Word(One(&["scratch", "crack", "dent", "wrong colour", "loose screw", "missing label"])),
                            &["{}"],
                        ),
                        f("count|pieces", Count(1, 30), &["({} times)", "on {} pieces"]),
                    ],
                    1,
                    3,
                ),
                &["found: {}", "the faults were {}"],
            ),
        ],
    ),
];
