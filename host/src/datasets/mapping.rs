//! Which column of a file holds which field of the expert: by `--map`, by the field's own name, or
//! by an alias from the manifest, in this order. Decided once per file, from its first records.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use hive_sdk::manifest::FieldSpec;

use super::error::{DatasetError, MapError};

/// Names of unread columns that are printed.
const DROPPED: usize = 8;

/// What the user said with `--map question=…,sql=…`: field to column.
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

/// Why a column was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MappedBy {
    /// The user said so.
    User,
    /// It has the field's name.
    Name,
    /// The manifest gives this name as an alias.
    Alias,
}

/// One field and its column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedField {
    /// Field of the expert.
    pub field: String,
    /// Column of the file.
    pub column: String,
    /// Why this column.
    pub by: MappedBy,
    /// True when a record may lack it.
    pub optional: bool,
}

/// The whole mapping of a file, for printing: `question ← prompt, sql; not read: id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnMap {
    /// Every field that has a column, in the manifest's order.
    pub fields: Vec<MappedField>,
    /// Columns that nothing reads.
    pub dropped: Vec<String>,
}

impl ColumnMap {
    /// Decides for a file with these columns.
    ///
    /// # Errors
    /// When a required field has no column, or `--map` names a column or field that is not there.
    pub fn detect(
        file: &Path,
        columns: &[String],
        specs: &[FieldSpec],
        overrides: &MapOverrides,
    ) -> Result<Self, DatasetError> {
        overrides.check(specs)?;
        let has = |name: &str| columns.iter().any(|c| c == name);
        if let Some(column) = overrides.0.values().find(|column| !has(column)) {
            let (file, column) = (file.to_owned(), column.clone());
            return Err(MapError::Column { file, column, known: columns.to_vec() }.into());
        }
        let mut fields = Vec::new();
        let mut missing = Vec::new();
        for spec in specs {
            let found = match overrides.0.get(&spec.name) {
                Some(column) => Some((column, MappedBy::User)),
                None if has(&spec.name) => Some((&spec.name, MappedBy::Name)),
                None => spec.aliases.iter().find(|alias| has(alias)).map(|alias| (alias, MappedBy::Alias)),
            };
            match found {
                Some((column, by)) => fields.push(MappedField {
                    field: spec.name.clone(),
                    column: column.clone(),
                    by,
                    optional: spec.optional,
                }),
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

impl std::fmt::Display for ColumnMap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, field) in self.fields.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{}", field.field)?;
            if field.column != field.field {
                write!(f, " ← {}", field.column)?;
            }
        }
        match &self.dropped[..] {
            [] => Ok(()),
            few if few.len() <= DROPPED => write!(f, "; not read: {}", few.join(", ")),
            many => write!(f, "; not read: {} and {} more", many[..DROPPED].join(", "), many.len() - DROPPED),
        }
    }
}
