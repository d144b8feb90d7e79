//! Makes one record of a shape: which fields the schema has, which of them the text says, and all three texts.
//!
//! A fact that the text does not give is left out where the schema lets it be, and null where its key is required.

use std::collections::BTreeSet;

use hive_sdk::rng::Rng;
use serde_json::{Map, Value, json};

use super::domains::stories;
use super::filler;
use super::property::{Required, Style, label_of};
use super::shape::{Field, Kind, Shape};
use super::text::{self, Register, Statement};
use super::value::{self, CURRENCIES, Currency};
use super::words::{self, one};

/// The texts of a record.
#[derive(Debug)]
pub struct Draft {
    /// The text.
    pub text: String,
    /// The schema.
    pub schema: String,
    /// The value.
    pub json: String,
}

/// Longest texts of a record, in characters, so that it fits the context of a small model.
const MAX_TEXT: usize = 700;
const MAX_SCHEMA: usize = 850;
const MAX_JSON: usize = 520;

/// Draws what a record holds.
struct Writer<'r> {
    rng: &'r mut Rng,
    style: Style,
    register: Register,
    currency: &'static Currency,
    currencies: Vec<&'static str>,
}

/// A field as it is in the record.
struct Made {
    key: String,
    schema: Value,
    /// `None` if the key is left out.
    value: Option<Value>,
    required: bool,
    statements: Vec<Statement>,
}

/// A record of this shape; `None` if it became too long or says nothing.
pub fn make(shape: &Shape, rng: &mut Rng) -> Option<Draft> {
    let style = Style::draw(rng);
    let register = Register::draw(rng);
    let currency = rng.pick(CURRENCIES)?;
    let mut currencies: Vec<&str> = CURRENCIES.iter().map(|c| c.code).filter(|code| *code != currency.code).collect();
    rng.shuffle(&mut currencies);
    currencies.truncate(rng.below(3) + 1);
    currencies.insert(rng.below(currencies.len() + 1), currency.code);
    let mut writer = Writer { rng, style, register, currency, currencies };
    let draft = match writer.rng.below(20) {
        0 => writer.list(shape)?,
        1 => writer.single(shape)?,
        _ => writer.object(shape)?,
    };
    let fits = draft.text.len() <= MAX_TEXT && draft.schema.len() <= MAX_SCHEMA && draft.json.len() <= MAX_JSON;
    fits.then_some(draft)
}

impl Writer<'_> {
    fn chance(&mut self, percent: usize) -> bool {
        self.rng.below(100) < percent
    }

    /// A schema of an object with some of the fields.
    fn object(&mut self, shape: &Shape) -> Option<Draft> {
        let (chosen, others) = self.choose(shape.fields);
        let mut made = self.fields(&chosen)?;
        if made.iter().all(|field| field.value.as_ref().is_none_or(Value::is_null)) {
            return None;
        }
        let mut statements: Vec<Statement> =
            made.iter_mut().flat_map(|field| std::mem::take(&mut field.statements)).collect();
        // Facts that the schema does not ask for.
        let beside = if self.chance(40) { self.rng.below(3) } else { 0 };
        for field in others.iter().take(beside) {
            let name = self.name(field);
            statements.extend(self.field(field, &name, true)?.statements);
        }
        if self.register.is_prose() && self.chance(75) {
            let most = self.rng.below(3) + 1;
            statements = text::told(statements, stories::of(shape.domain, shape.name), most, self.rng);
        }
        // The text has an order of its own.
        if self.chance(35) {
            self.rng.shuffle(&mut statements);
        }
        if self.chance(50) {
            self.rng.shuffle(&mut made);
        }
        let (schema, value) = self.assembled(made, Some(&format!("{} {}", shape.domain, shape.name)));
        Some(self.draft(shape, &statements, &schema, &value))
    }

    /// A schema of a list, for a shape that has one.
    fn list(&mut self, shape: &Shape) -> Option<Draft> {
        let field = shape.fields.iter().find(|field| matches!(field.kind, Kind::Rows(..) | Kind::Many(..)))?;
        let name = self.name(field);
        let made = self.field(field, &name, true)?;
        let mut statements = made.statements;
        let others: Vec<&Field> = shape.fields.iter().filter(|other| other.names != field.names).collect();
        for _ in 0..self.rng.below(3) {
            let other = *self.rng.pick(&others)?;
            let name = self.name(other);
            statements.extend(self.field(other, &name, true)?.statements);
        }
        Some(self.draft(shape, &statements, &made.schema, &made.value?))
    }

    /// A schema of one value without parts.
    fn single(&mut self, shape: &Shape) -> Option<Draft> {
        let plain: Vec<&Field> = shape
            .fields
            .iter()
            .filter(|field| {
                matches!(
                    field.kind,
                    Kind::Choice(_) | Kind::Flag(_) | Kind::Count(..) | Kind::Day(..) | Kind::Money(..)
                )
            })
            .collect();
        let field = *self.rng.pick(&plain)?;
        let name = self.name(field);
        let mut made = self.field(field, &name, true)?;
        if let Some(keywords) = made.schema.as_object_mut() {
            keywords.insert(
                "description".to_owned(),
                Value::from(format!("the {} of the {}", label_of(&name), shape.name.replace('-', " "))),
            );
        }
        let mut statements = made.statements;
        let others: Vec<&Field> = shape.fields.iter().filter(|other| other.names != field.names).collect();
        for _ in 0..=self.rng.below(3) {
            let other = *self.rng.pick(&others)?;
            let name = self.name(other);
            statements.extend(self.field(other, &name, true)?.statements);
        }
        self.rng.shuffle(&mut statements);
        Some(self.draft(shape, &statements, &made.schema, &made.value?))
    }

    fn draft(&mut self, shape: &Shape, statements: &[Statement], schema: &Value, value: &Value) -> Draft {
        let mut asides = Vec::new();
        if self.chance(35) {
            asides.push(filler::aside(self.rng));
        }
        let opening = one(shape.openings, self.rng);
        let text = text::write(self.register, opening, statements, asides, self.rng);
        Draft { text, schema: schema.to_string(), json: value.to_string() }
    }

    /// Which fields the schema has, in the order of the shape, and the others in any order.
    fn choose<'f>(&mut self, fields: &'f [Field]) -> (Vec<&'f Field>, Vec<&'f Field>) {
        let mut all: Vec<&Field> = fields.iter().collect();
        self.rng.shuffle(&mut all);
        // Fields with parts teach the most.
        if self.chance(45) {
            all.sort_by_key(|field| !matches!(field.kind, Kind::Rows(..) | Kind::Group(_)));
        }
        let most = all.len().min(8);
        let n = self.rng.between(2.min(most as i64), most as i64) as usize;
        let others = all.split_off(n);
        let chosen = fields.iter().filter(|field| all.iter().any(|other| other.names == field.names)).collect();
        (chosen, others)
    }

    /// The fields of an object. Names are not repeated.
    fn fields(&mut self, chosen: &[&Field]) -> Option<Vec<Made>> {
        let mut names = BTreeSet::new();
        let mut made = Vec::new();
        for field in chosen {
            let name = self.name(field);
            if names.insert(name.clone()) {
                let said = self.chance(84);
                made.push(self.field(field, &name, said)?);
            }
        }
        Some(made)
    }

    fn name(&mut self, field: &Field) -> String {
        let names: Vec<&str> = field.names.split('|').collect();
        one(&names, self.rng).to_owned()
    }

    /// A field under this name, which the text says or not.
    fn field(&mut self, field: &Field, name: &str, said: bool) -> Option<Made> {
        let label = label_of(name);
        let listed = match self.style.required {
            Required::All => true,
            Required::Some => self.chance(60),
            Required::None => false,
        };
        if !said {
            // Missing: null where the key must be there, else left out.
            let null =
                listed && !matches!(field.kind, Kind::Rows(..) | Kind::Group(_) | Kind::Many(..)) && self.chance(60);
            let nullable = null || self.style.nullable && self.chance(50);
            let named = self.register.names_gaps(self.rng);
            // `visited on` is no noun.
            let noun = ["on", "at", "by", "from", "to", "until", "for", "with", "in"].iter();
            let noun = noun.clone().all(|end| !label.ends_with(&format!(" {end}")) && *end != label);
            let named = named && noun && !matches!(field.kind, Kind::Flag(_));
            let mut made = self.drawn(field, name, nullable)?;
            let clause =
                one(&["there is no {}", "no {} was given", "the {} is not known", "the {} is still open"], self.rng);
            let gap = Statement {
                slot: "",
                clause: clause.replace("{}", &label),
                label,
                value: None,
                clause_alone: false,
                lines: Vec::new(),
            };
            made.statements = if named { vec![gap] } else { Vec::new() };
            made.value = null.then_some(Value::Null);
            made.required = null;
            return Some(made);
        }
        let nullable = self.style.nullable && self.chance(50);
        let mut made = self.drawn(field, name, nullable)?;
        made.required = listed;
        Some(made)
    }

    /// A field with its value drawn and said.
    fn drawn(&mut self, field: &Field, name: &str, nullable: bool) -> Option<Made> {
        let key = self.style.key(name);
        let label = label_of(name);
        match field.kind {
            Kind::Group(inner) => self.group(field, inner, key, label),
            Kind::Rows(inner, low, high) => self.rows(field, inner, (low, high), key, label),
            Kind::Many(source, low, high) => {
                let schema = json!({"type": "array", "items": {"type": "string"}});
                if self.chance(6) {
                    // None, and the text says so.
                    let clause = format!("no {label}");
                    let value = Some("none".to_owned());
                    let none = Statement { slot: "", label, value, clause, clause_alone: true, lines: Vec::new() };
                    let value = Some(Value::Array(Vec::new()));
                    return Some(Made { key, schema, value, required: false, statements: vec![none] });
                }
                let n = self.rng.between(low as i64, high as i64) as usize;
                let mut words: Vec<String> = Vec::new();
                for _ in 0..n {
                    let word = words::word(source, self.rng);
                    if !words.contains(&word) {
                        words.push(word);
                    }
                }
                let spoken = value::list(&words, self.rng);
                let lines = if self.chance(50) { words.clone() } else { Vec::new() };
                let statements = vec![self.statement(field, label, spoken, lines)];
                Some(Made { key, schema, value: Some(Value::from(words)), required: false, statements })
            }
            Kind::Flag(no) => {
                let drawn = value::draw(field.kind, self.currency, self.rng)?;
                let clauses = if drawn.json == Value::Bool(true) { field.say } else { no };
                let statement = Statement {
                    slot: "",
                    clause: one(clauses, self.rng).to_owned(),
                    label,
                    value: Some(drawn.spoken),
                    clause_alone: true,
                    lines: Vec::new(),
                };
                let schema = self.style.scalar(field, name, nullable, &self.currencies);
                Some(Made { key, schema, value: Some(drawn.json), required: false, statements: vec![statement] })
            }
            kind => {
                let drawn = value::draw(kind, self.currency, self.rng)?;
                let statements = vec![self.statement(field, label, drawn.spoken, Vec::new())];
                let schema = self.style.scalar(field, name, nullable, &self.currencies);
                Some(Made { key, schema, value: Some(drawn.json), required: false, statements })
            }
        }
    }

    fn statement(&mut self, field: &Field, label: String, spoken: String, lines: Vec<String>) -> Statement {
        let said = one(field.say, self.rng);
        let clause = if said.is_empty() { format!("the {label} is {{}}") } else { said.to_owned() };
        let slot = field.names.split('|').next().unwrap_or_default();
        Statement {
            slot,
            clause: clause.replace("{}", &spoken),
            label,
            value: Some(spoken),
            clause_alone: false,
            lines,
        }
    }

    /// An object within the record: said in one clause, or each of its fields by itself.
    fn group(&mut self, field: &Field, inner: &[Field], key: String, label: String) -> Option<Made> {
        let (chosen, _) = self.choose(inner);
        let mut made = self.fields(&chosen)?;
        if made.iter().all(|part| part.value.as_ref().is_none_or(Value::is_null)) {
            return None;
        }
        let parts: Vec<Statement> = made.iter_mut().flat_map(|part| std::mem::take(&mut part.statements)).collect();
        let plain = parts.iter().all(|part| part.value.is_some() && !part.clause_alone);
        let statements = if !field.say.is_empty() && plain && self.chance(60) {
            let values: Vec<String> = parts.iter().filter_map(|part| part.value.clone()).collect();
            vec![self.statement(field, label, values.join(", "), Vec::new())]
        } else {
            let named = |part: Statement| Statement { slot: "", label: format!("{label} {}", part.label), ..part };
            parts.into_iter().map(named).collect()
        };
        let (schema, value) = self.assembled(made, None);
        Some(Made { key, schema, value: Some(value), required: false, statements })
    }

    /// A list of objects, each a phrase of the pieces of its fields.
    fn rows(
        &mut self,
        field: &Field,
        inner: &[Field],
        range: (usize, usize),
        key: String,
        label: String,
    ) -> Option<Made> {
        let (mut chosen, _) = self.choose(inner);
        // A row is known by its first field.
        if let Some(first) = inner.first().filter(|first| chosen.iter().all(|field| field.names != first.names)) {
            chosen.push(first);
        }
        chosen.sort_by_key(|field| inner.iter().position(|other| other.names == field.names));
        let names: Vec<String> = chosen.iter().map(|field| self.name(field)).collect();
        let n = self.rng.between(range.0 as i64, range.1 as i64) as usize;
        let (mut phrases, mut rows) = (Vec::new(), Vec::new());
        let says: Vec<&str> = chosen.iter().map(|field| one(field.say, self.rng)).collect();
        for _ in 0..n {
            let mut row = Map::new();
            let mut pieces = Vec::new();
            for ((field, name), say) in chosen.iter().zip(&names).zip(&says) {
                let drawn = value::draw(field.kind, self.currency, self.rng)?;
                let piece = match field.kind {
                    Kind::Flag(no) => {
                        one(if drawn.json == Value::Bool(true) { field.say } else { no }, self.rng).to_owned()
                    }
                    _ => say.replace("{}", &drawn.spoken),
                };
                // Pieces that stand before the name of the thing are marked.
                match piece.strip_prefix('^') {
                    Some(piece) => pieces.insert(0, piece.to_owned()),
                    None => pieces.push(piece),
                }
                row.insert(self.style.key(name), drawn.json);
            }
            phrases.push(pieces.join(" "));
            rows.push(Value::Object(row));
        }
        let mut properties = Map::new();
        for (field, name) in chosen.iter().zip(&names) {
            properties.insert(self.style.key(name), self.style.scalar(field, name, false, &self.currencies));
        }
        let required = match self.style.required {
            Required::None => Vec::new(),
            _ => properties.keys().cloned().collect(),
        };
        let schema = json!({"type": "array", "items": self.style.object(properties, required, None)});
        let spoken = value::list(&phrases, self.rng);
        let lines = if self.chance(60) { phrases } else { Vec::new() };
        let statements = vec![self.statement(field, label, spoken, lines)];
        Some(Made { key, schema, value: Some(Value::Array(rows)), required: false, statements })
    }

    /// Schema and value of an object with these fields.
    fn assembled(&mut self, made: Vec<Made>, title: Option<&str>) -> (Value, Value) {
        let (mut properties, mut value, mut required) = (Map::new(), Map::new(), Vec::new());
        for field in made {
            if field.required {
                required.push(field.key.clone());
            }
            if let Some(part) = field.value {
                value.insert(field.key.clone(), part);
            }
            properties.insert(field.key, field.schema);
        }
        (self.style.object(properties, required, title), Value::Object(value))
    }
}
