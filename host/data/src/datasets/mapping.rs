//! Maps the columns of a file to the expert's fields: by `--map`, by the field's own name, or by an
//! alias from the manifest, in this order. Case, surrounding blanks and word separators are
//! ignored: `SQL` and ` Sql Query ` are found. Decided once per file, from its first records.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use hive_sdk::Record;
use hive_sdk::manifest::FieldSpec;

use super::error::{DatasetError, MapError};

/// Number of unread columns that are printed.
const DROPPED: usize = 8;

/// The user's `--map question=…,sql=…`: field to column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MapOverrides(BTreeMap<String, String>);

impl FromStr for MapOverrides {
    type Err = MapError;

    fn from_str(text: &str) -> Result<Self, MapError> {
        let mut map = BTreeMap::new();
        for part in text.split(',') {
            let pair = part.split_once('=').map(|(f, c)| (f.trim(), c.trim()));
            let Some((field, column)) = pair.filter(|(f, c)| !f.is_empty() && !c.is_empty()) else {
                return Err(MapError::Form { got: part.to_owned() });
            };
            if map.insert(field.to_owned(), column.to_owned()).is_some() {
                return Err(MapError::Twice { field: field.to_owned() });
            }
        }
        Ok(Self(map))
    }
}

impl MapOverrides {
    /// Fails on a field that the expert does not have.
    ///
    /// # Errors
    /// [`MapError::Field`], with the fields that it has.
    pub fn check(&self, fields: &[FieldSpec]) -> Result<(), MapError> {
        match self.0.keys().find(|name| !fields.iter().any(|f| f.name == **name)) {
            None => Ok(()),
            Some(field) => {
                Err(MapError::Field { field: field.clone(), known: fields.iter().map(|f| f.name.clone()).collect() })
            }
        }
    }
}

/// The user's `--field dialect=mysql`, once per field: field values for every record that lacks
/// them.
///
/// # Errors
/// When one is not of the form `field=value`, is given twice, or is not a field that can be given.
pub fn fixed_fields(pairs: &[String], fields: &[FieldSpec]) -> Result<BTreeMap<String, String>, MapError> {
    let mut fixed = BTreeMap::new();
    for pair in pairs {
        let parts = pair.split_once('=').map(|(field, value)| (field.trim(), value.trim()));
        let Some((field, value)) = parts.filter(|(field, value)| !field.is_empty() && !value.is_empty()) else {
            return Err(MapError::FixedForm { got: pair.clone() });
        };
        match fields.iter().find(|known| known.name == field) {
            None => {
                let known = fields.iter().filter(|field| !field.completion).map(|field| field.name.clone()).collect();
                return Err(MapError::FixedField { field: field.to_owned(), known });
            }
            Some(known) if known.completion => return Err(MapError::FixedCompletion { field: field.to_owned() }),
            Some(_) => {}
        }
        if fixed.insert(field.to_owned(), value.to_owned()).is_some() {
            return Err(MapError::FixedTwice { field: field.to_owned() });
        }
    }
    Ok(fixed)
}

/// Adds those of these values that the record lacks.
pub fn add_fixed(record: &mut Record, fixed: &BTreeMap<String, String>) {
    for (field, value) in fixed {
        if record.text(field).is_none() {
            record.set(field, value.clone());
        }
    }
}

/// Why a column was selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MappedBy {
    /// By `--map`.
    User,
    /// By the field's name.
    Name,
    /// By an alias in the manifest.
    Alias,
}

/// One field and its column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedField {
    /// Field of the expert.
    pub field: String,
    /// Column of the file.
    pub column: String,
    /// Why this column was selected.
    pub by: MappedBy,
    /// True when a record may omit it.
    pub optional: bool,
}

/// The mapping of a file, for printing: `question ← prompt, sql; not read: id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnMap {
    /// All fields that have a column, in the manifest's order.
    pub fields: Vec<MappedField>,
    /// Columns that are not read.
    pub dropped: Vec<String>,
}

impl ColumnMap {
    /// Determines the mapping for a file with these columns.
    ///
    /// # Errors
    /// When a required field has no column, or `--map` names an unknown column or field.
    pub fn detect(
        file: &Path,
        columns: &[String],
        specs: &[FieldSpec],
        overrides: &MapOverrides,
    ) -> Result<Self, DatasetError> {
        overrides.check(specs)?;
        if let Some(column) = overrides.0.values().find(|column| find(columns, column).is_none()) {
            let (file, column) = (file.to_owned(), column.clone());
            return Err(MapError::Column { file, column, known: columns.to_vec() }.into());
        }
        let mut fields = Vec::new();
        let mut missing = Vec::new();
        for spec in specs {
            match mapped(spec, columns, overrides) {
                Some(field) => fields.push(field),
                None if spec.optional => {}
                None => {
                    let names = std::iter::once(&spec.name).chain(&spec.aliases).cloned().collect();
                    missing.push((spec.name.clone(), names));
                }
            }
        }
        if !missing.is_empty() {
            return Err(DatasetError::Unmapped { file: file.to_owned(), missing, columns: columns.to_vec() });
        }
        let read = |column: &&String| fields.iter().any(|f| f.column == **column);
        let dropped = columns.iter().filter(|c| !read(c)).cloned().collect();
        Ok(Self { fields, dropped })
    }
}

/// The column of a field, if it has one.
pub(super) fn mapped(spec: &FieldSpec, columns: &[String], overrides: &MapOverrides) -> Option<MappedField> {
    let alias = || spec.aliases.iter().find_map(|alias| Some((find(columns, alias)?, MappedBy::Alias)));
    let (column, by) = match overrides.0.get(&spec.name) {
        Some(column) => (find(columns, column)?, MappedBy::User),
        None => find(columns, &spec.name).map(|column| (column, MappedBy::Name)).or_else(alias)?,
    };
    Some(MappedField { field: spec.name.clone(), column: column.to_owned(), by, optional: spec.optional })
}

/// The column of this name: exact match first, then normalized.
fn find<'c>(columns: &'c [String], name: &str) -> Option<&'c str> {
    let plain = |name: &str| name.trim().to_lowercase().replace([' ', '-'], "_");
    let exact = columns.iter().find(|column| *column == name);
    let found = exact.or_else(|| columns.iter().find(|column| plain(column) == plain(name)));
    found.map(String::as_str)
}

/// Fields with their columns: `question ← prompt, sql`.
pub(super) fn shown(fields: &[MappedField]) -> String {
    let one = |field: &MappedField| match &field.column {
        column if *column == field.field => field.field.clone(),
        // Blanks around a name must be visible.
        column if column.trim() != column => format!("{} ← \"{column}\"", field.field),
        column => format!("{} ← {column}", field.field),
    };
    fields.iter().map(one).collect::<Vec<_>>().join(", ")
}

impl std::fmt::Display for ColumnMap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&shown(&self.fields))?;
        match &self.dropped[..] {
            [] => Ok(()),
            few if few.len() <= DROPPED => write!(f, "; not read: {}", few.join(", ")),
            many => write!(f, "; not read: {} and {} more", many[..DROPPED].join(", "), many.len() - DROPPED),
        }
    }
}
