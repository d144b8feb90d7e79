//! Every way in which a loaded plugin can answer wrongly, through a real library: each is one
//! typed error that names the expert, the method and the record.

use hive_errors::Diagnostic as _;
use hive_plugins::{Experts, LoadedExpert, PluginError};
use hive_sdk::{GradeRequest, Record};
use hive_tests::check_all;

use crate::harness::{Place, builder, plugin};

fn misbehaving(place: &Place) -> LoadedExpert {
    let entry = place.install("misbehaving", &plugin("misbehaving"));
    hive_plugins::load(&entry, &builder()).unwrap()
}

fn told(error: &PluginError) -> String {
    format!("{error}\nhint: {}\nexit: {}", error.hint().unwrap_or_default(), error.exit_code())
}

/// 300 records, of which number 299 (in the second batch) says `what`.
fn records(what: &str) -> Vec<Record> {
    let mut records = vec![Record::from_pairs([("do", "well")]); 300];
    records[299].set("do", what);
    records
}

#[test]
fn a_sound_expert_answers_in_order_and_across_batches() {
    let place = Place::new();
    let expert = misbehaving(&place);
    assert_eq!(expert.render(&records("well")).unwrap().len(), 300);
    assert_eq!(expert.manifest().version, "0.1.0");
    assert_eq!(expert.eval_prompts().unwrap()[0].id, "hello");
    assert_eq!(expert.inspect(&records("well")[0], None).unwrap(), hive_sdk::Inspection::default());
    assert_eq!(expert.synthesize(1, 2).unwrap(), None);
    assert_eq!(expert.constrain(&records("well")[0]).unwrap(), None);
    assert_eq!(expert.render(&[]).unwrap(), []);
}

#[test]
fn a_plugin_built_with_the_sdk_of_abi_3_goes_on_working() {
    let place = Place::new();
    let entry = place.install_with("abi3", &plugin("abi3"), include_str!("fixtures/abi3.json"));
    let expert = hive_plugins::load(&entry, &builder()).unwrap();
    assert_eq!(expert.manifest().abi, 3);
    let record = Record::from_pairs([("text", "hi"), ("echo", "hi")]);
    let rendered = expert.render_one(&record).unwrap();
    assert_eq!((rendered.prompt().len(), rendered.completion()[0].content.as_str()), (1, "hi"));
    assert_eq!(expert.validate(std::slice::from_ref(&record)).unwrap(), [hive_sdk::Verdict::accept()]);
    let grade = |completion: &str| {
        let request = GradeRequest { prompt: record.clone(), completion: completion.to_owned() };
        expert.grade(&[request]).unwrap()[0].score
    };
    assert_eq!((grade("hi"), grade("ho")), (1.0, 0.0));
    let asked = hive_sdk::ExamineRequest {
        prompt: record.clone(),
        alternatives: vec!["hey".to_owned()],
        completion: "hey".to_owned(),
    };
    assert_eq!(expert.examine(&[asked]).unwrap()[0].score, 1.0);
    // What came later has its default.
    assert_eq!(expert.inspect(&record, None).unwrap(), hive_sdk::Inspection::default());
    assert_eq!(expert.constrain(&record).unwrap(), None);
}

#[test]
fn a_wrong_reply_names_method_and_record() {
    let place = Place::new();
    let expert = misbehaving(&place);
    let mut all = String::new();
    check_all(["panic", "start", "garbage", "extra", "fewer", "null", "status", "long", " "], |what| {
        let error = expert.render(&records(what)).unwrap_err();
        all += &format!("## render, told `{what}`\n{}\n\n", told(&error));
    });
    for what in ["nan", "two"] {
        let requests: Vec<_> =
            records(what).into_iter().map(|prompt| GradeRequest { prompt, completion: String::new() }).collect();
        all += &format!("## grade, told `{what}`\n{}\n\n", told(&expert.grade(&requests).unwrap_err()));
    }
    insta::assert_snapshot!(all);
    // A fault leaves the expert usable.
    assert!(expert.render(&records("well")).is_ok());
}

#[test]
fn a_mistyped_name_gets_a_suggestion() {
    let place = Place::new();
    for name in ["sql", "chat"] {
        place.write(&format!("home/experts/{name}/manifest.json"), "{}");
    }
    let experts = Experts::of(Some(&place.checkout()), [], hive_packages::installed::experts(&place.path("home")));
    insta::assert_snapshot!("near_name", told(&experts.get("sqll").unwrap_err()));
    insta::assert_snapshot!("far_name", told(&experts.get("french").unwrap_err()));
}

#[test]
fn loading_errors_say_where_and_what_to_do() {
    let place = Place::new();
    let mut all = String::new();
    for name in ["wrong_abi", "no_table", "null_function"] {
        let entry = place.install(name, &plugin(name));
        let error = hive_plugins::load(&entry, &builder()).unwrap_err();
        all += &format!("{}\n\n", told(&error));
    }
    insta::assert_snapshot!(place.plain(&all));
}
