//! Texts under a grammar, with a tokenizer over all bytes.

use hive_engine::generate::{Constraint as _, TextVerdict};
use hive_text::tokenizer::{TokenKind, Tokenizer, Vocabulary};

use super::{ConstrainedText, Grammars};

/// A tokenizer over all bytes, with a few merges. Token 0 ends a text.
fn tokenizer() -> Tokenizer {
    let mut tokens = vec!["<|end|>".to_owned()];
    let mut kinds = vec![TokenKind::Control];
    let own = |byte: &u32| matches!(byte, 0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF);
    let spellings = (0..256).filter(own).chain(0x100..0x144);
    tokens.extend(spellings.filter_map(char::from_u32).map(String::from));
    let merges = [("a", "l"), ("al", "p"), ("b", "e"), ("\u{120}", "a"), ("\"", ":")];
    tokens.extend(merges.iter().map(|(left, right)| format!("{left}{right}")));
    kinds.resize(tokens.len(), TokenKind::Normal);
    let merges = merges.map(|(left, right)| (left.to_owned(), right.to_owned())).to_vec();
    Tokenizer::from_vocabulary(&Vocabulary { pre_tokenizer: "smollm".to_owned(), tokens, kinds, merges }).unwrap()
}

fn grammars() -> (Tokenizer, Grammars) {
    let tokenizer = tokenizer();
    // An embedding with more rows than tokens.
    let grammars = Grammars::new(&tokenizer, &[0], tokenizer.vocab_size() + 50).unwrap();
    (tokenizer, grammars)
}

fn allowed(text: &mut ConstrainedText<'_>) -> Vec<u32> {
    let words = text.allowed().unwrap().to_vec();
    (0..32 * words.len() as u32).filter(|id| words[*id as usize / 32] >> (id % 32) & 1 == 1).collect()
}

fn push(text: &mut ConstrainedText<'_>, tokenizer: &Tokenizer, more: &str) {
    for token in tokenizer.encode(more).unwrap() {
        assert!(allowed(text).contains(&token), "{more}: {:?}", tokenizer.token(token));
        text.push(token).unwrap();
    }
}

/// A text of allowed tokens, drawn by `seed`.
fn drawn(text: &mut ConstrainedText<'_>, tokenizer: &Tokenizer, seed: usize) -> String {
    let mut ids = Vec::new();
    for step in 0..200 {
        let all = allowed(text);
        let token = all[(seed * 7919 + step * 104_729) % all.len()];
        if token == 0 {
            return tokenizer.decode(&ids).unwrap();
        }
        text.push(token).unwrap();
        ids.push(token);
    }
    panic!("it does not end: {}", tokenizer.decode(&ids).unwrap());
}

#[test]
fn whatever_is_drawn_follows_the_grammar() {
    let (tokenizer, grammars) = grammars();
    let lark = "start: \"alpha\" | \"beta\" \" \" NUMBER\nNUMBER: /[1-9][0-9]{0,2}/";
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..60 {
        let text = drawn(&mut grammars.text(Some(lark), None).unwrap(), &tokenizer, seed);
        let number = text.strip_prefix("beta ");
        let fits = text == "alpha" || number.is_some_and(|n| n.len() <= 3 && n.parse::<u32>().is_ok_and(|n| n > 0));
        assert!(fits, "{text:?}");
        seen.insert(text);
    }
    assert!(seen.len() > 5, "{seen:?}");
}

#[test]
fn tokens_that_were_taken_back_leave_nothing() {
    let (tokenizer, grammars) = grammars();
    let mut text = grammars.text(Some("start: \"alpha\" | \"albe\" /[0-9]+/"), None).unwrap();
    let first = allowed(&mut text);
    push(&mut text, &tokenizer, "albe42");
    assert!(allowed(&mut text).contains(&0), "it may end");
    text.pop(2).unwrap();
    assert!(!allowed(&mut text).contains(&0));
    push(&mut text, &tokenizer, "7");
    let n = tokenizer.encode("albe").unwrap().len() + 1;
    text.pop(n).unwrap();
    assert_eq!(allowed(&mut text), first);
    push(&mut text, &tokenizer, "alpha");
    assert_eq!(allowed(&mut text), [0], "nothing but the end");
    text.pop(1).unwrap();
    assert!(!allowed(&mut text).contains(&0));
}

#[test]
fn what_cannot_be_otherwise_is_forced() {
    let (tokenizer, grammars) = grammars();
    let mut text = grammars.text(Some("start: \"SELECT \" (\"alpha\" | \"beta\") \";\""), None).unwrap();
    let forced = tokenizer.decode(&text.forced()).unwrap();
    assert!("SELECT ".starts_with(&forced) && forced.len() >= 6, "{forced:?}");
    push(&mut text, &tokenizer, "SELECT b");
    assert_eq!(tokenizer.decode(&text.forced()).unwrap(), "eta;");
    assert!(grammars.text(None, None).unwrap().forced().is_empty());
}

#[test]
fn json_follows_its_schema_and_nothing_is_fetched() {
    let (tokenizer, grammars) = grammars();
    let schema = serde_json::json!({
        "type": "object", "additionalProperties": false, "required": ["a", "b"],
        "properties": {"a": {"enum": ["x", "y"]}, "b": {"type": "boolean"}},
    });
    let grammar = hive_sdk::Grammar::of_json_schema(&schema);
    for seed in 0..20 {
        let text = drawn(&mut grammars.text(Some(&grammar.lark), None).unwrap(), &tokenizer, seed);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(["x", "y"].contains(&value["a"].as_str().unwrap()) && value["b"].is_boolean(), "{text}");
    }
    for refused in [
        serde_json::json!({"$ref": "http://127.0.0.1:9/schema.json"}),
        serde_json::json!({"$ref": "file:///etc/hostname"}),
        serde_json::json!({"type": "sentence"}),
    ] {
        let grammar = hive_sdk::Grammar::of_json_schema(&refused);
        assert!(grammars.text(Some(&grammar.lark), None).is_err(), "{refused}");
    }
    assert!(grammars.text(Some("start: ("), None).is_err());
}

#[test]
fn an_experts_no_names_the_token() {
    let (tokenizer, grammars) = grammars();
    let check = |text: &str, ended: bool| Ok(text.find("be").or((ended && text.len() < 3).then_some(text.len())));
    let mut text = grammars.text(None, Some(Box::new(check))).unwrap();
    assert!(allowed(&mut text).contains(&0));
    push(&mut text, &tokenizer, "x");
    assert_eq!(text.verdict(false).unwrap(), TextVerdict::Possible);
    assert_eq!(text.verdict(true).unwrap(), TextVerdict::Impossible { kept: 1 });
    push(&mut text, &tokenizer, " al");
    // A character that is not complete yet.
    let half = tokenizer.encode("é").unwrap()[0];
    text.push(half).unwrap();
    assert_eq!(text.verdict(false).unwrap(), TextVerdict::Possible);
    assert_eq!(text.verdict(true).unwrap(), TextVerdict::Impossible { kept: text.len() - 1 });
    text.pop(1).unwrap();
    let before = text.len();
    push(&mut text, &tokenizer, "be and more");
    assert_eq!(text.verdict(false).unwrap(), TextVerdict::Impossible { kept: before });
}

#[test]
fn a_text_is_ended_where_it_is() {
    let (tokenizer, grammars) = grammars();
    let schema = serde_json::json!({
        "type": "object", "properties": {"name": {"type": "string"}, "list": {"type": "array", "items": {"type": "integer"}}},
        "required": ["name", "list"], "additionalProperties": false,
    });
    let grammar = hive_sdk::Grammar::of_json_schema(&schema);
    for begun in ["", "{\"name\": \"A long sto", "{\"name\": \"x\", \"list\": [1, 2", "{\"name\":\"x\",\"list\":[]}"] {
        let mut text = grammars.text(Some(&grammar.lark), None).unwrap();
        push(&mut text, &tokenizer, begun);
        let before = allowed(&mut text);
        let ending = text.ending(40).unwrap().unwrap_or_else(|| panic!("{begun}: no ending"));
        let whole = format!("{begun}{}", tokenizer.decode(&ending).unwrap());
        let value: serde_json::Value = serde_json::from_str(&whole).unwrap();
        assert!(value["name"].is_string() && value["list"].is_array(), "{whole}");
        assert_eq!(allowed(&mut text), before, "the text is left as it was");
        assert_eq!(text.ending(0).unwrap(), ending.is_empty().then(Vec::new));
    }
}

/// A way through texts and back, by `seed`: at each place the same is allowed as in a text that never went back.
#[test]
fn going_back_changes_nothing() {
    let (_, grammars) = grammars();
    let schema = serde_json::json!({
        "type": "object", "properties": {"name": {"type": "string"}, "list": {"type": "array", "items": {"type": "integer"}}},
        "required": ["name", "list"], "additionalProperties": false,
    });
    let grammar = hive_sdk::Grammar::of_json_schema(&schema);
    let begin = || grammars.text(Some(&grammar.lark), None).unwrap();
    for seed in 0..40_usize {
        let mut state = seed as u64;
        let mut random = |n: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % n
        };
        let (mut text, mut ids) = (begin(), Vec::new());
        for _ in 0..40 {
            if random(4) == 0 && !ids.is_empty() {
                let n = 1 + random(ids.len());
                text.pop(n).unwrap();
                ids.truncate(ids.len() - n);
            }
            let mut straight = begin();
            ids.iter().for_each(|token| straight.push(*token).unwrap());
            let all = allowed(&mut straight);
            assert_eq!(allowed(&mut text), all, "seed {seed}, {} tokens", ids.len());
            // Blanks are as likely as all else together: they are where going back went wrong.
            let next: Vec<u32> = all.into_iter().filter(|token| *token != 0).collect();
            let Some(token) = (!next.is_empty()).then(|| next[random(next.len())]) else { break };
            text.push(token).unwrap();
            ids.push(token);
        }
    }
}
