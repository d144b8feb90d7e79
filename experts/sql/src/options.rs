//! Options of this expert, as `--set` and `--database-url` give them.

use hive_sdk::{ExpertError, Settings};

use crate::execute;

/// Where and how statements run.
///
/// # Errors
/// When an option is unknown or has a value of the wrong type.
pub fn database(settings: &Settings) -> Result<execute::Settings, ExpertError> {
    let mut database = execute::Settings::default();
    for (name, value) in &settings.options {
        match name.as_str() {
            "database_url" => {
                let url = value.as_str().ok_or_else(|| ExpertError::new("`database_url` is no text"))?;
                database.database_url = Some(url.to_owned());
            }
            "statement_timeout_ms" => {
                let time = value.as_u64().filter(|ms| (1..=600_000).contains(ms));
                let wrong = || ExpertError::new(format!("`statement_timeout_ms` is {value}, expected 1 to 600000"));
                database.statement_timeout = std::time::Duration::from_millis(time.ok_or_else(wrong)?);
            }
            other => {
                let known = "`database_url`, `statement_timeout_ms`";
                return Err(ExpertError::new(format!("there is no option `{other}`, expected one of: {known}")));
            }
        }
    }
    Ok(database)
}
