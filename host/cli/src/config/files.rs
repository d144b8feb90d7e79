//! Settings in files: the home folder and what is in it, and the recipe of the current folder.

use std::path::Path;

use hive_packages::installed::Store;
use hive_packages::trust::{KeyStatus, Ring};
use hive_train::chosen::ChosenRuns;
use hive_train::recipe::{file_values, variable_values};

use super::setting::{Origin, Setting};
use crate::context::Environment;

/// The recipe that counts in this folder.
const RECIPE: &str = "hive.toml";

/// The home folder, and the variable that decides where it is.
pub(super) fn home(env: &Environment) -> Setting {
    let value = match &env.home.folder {
        Some(Ok(folder)) => folder.display().to_string(),
        Some(Err(fault)) => fault.problem().to_owned(),
        None => "none: HIVE_HOME is not set".to_owned(),
    };
    let origin = match env.home.variable {
        Some(variable) if variable == crate::variables::HIVE_HOME => Origin::Variable(variable.name.to_owned()),
        Some(variable) if variable == crate::variables::XDG_DATA_HOME => Origin::Variable(variable.name.to_owned()),
        _ => Origin::Default,
    };
    Setting { group: "home", name: "home folder".to_owned(), value, origin }
}

/// Keys of the recipe that variables and `hive.toml` set; a variable wins.
pub(super) fn recipe(env: &Environment) -> Vec<Setting> {
    let setting = |name: String, value, origin| Setting { group: "recipe", name, value, origin };
    let file = std::path::absolute(RECIPE).unwrap_or_else(|_| RECIPE.into());
    let mut found: Vec<Setting> = match file_values(Path::new(RECIPE)) {
        Ok(values) => values.into_iter().map(|(key, value)| setting(key, value, Origin::File(file.clone()))).collect(),
        Err(error) => vec![setting(RECIPE.to_owned(), error.to_string(), Origin::File(file.clone()))],
    };
    for (variable, key, value) in variable_values(&env.variables.recipe()) {
        found.retain(|other| other.name != key);
        found.push(setting(key, value, Origin::Variable(variable)));
    }
    found
}

/// What the files below the home folder decide.
pub(super) fn below_home(env: &Environment) -> Vec<Setting> {
    let Some(home) = &env.context.home else { return Vec::new() };
    let file = |name: String, value: String, path: &Path| Setting {
        group: "files",
        name,
        value,
        origin: Origin::File(path.to_owned()),
    };
    let mut found = Vec::new();
    let chosen = ChosenRuns::of(home);
    match chosen.all() {
        Ok(runs) => found.extend(
            runs.into_iter()
                .map(|(expert, run)| file(format!("run of `{expert}`"), run.display().to_string(), chosen.file())),
        ),
        Err(error) => found.push(file("chosen runs".to_owned(), error.to_string(), chosen.file())),
    }
    let keys = home.join("keys");
    match Ring::of(home) {
        Ok(ring) => found.extend(ring.keys().iter().map(|key| {
            let standing = match key.standing {
                KeyStatus::Trusted => "trusted",
                KeyStatus::Revoked => "revoked",
            };
            file(format!("key `{}`", key.name), format!("{standing} ({})", key.public.id()), &keys)
        })),
        Err(error) => found.push(file("keys".to_owned(), error.to_string(), &keys)),
    }
    let releases = Store::of(home).releases().unwrap_or_default();
    found.extend(releases.iter().filter(|release| release.current).map(|release| {
        let name = format!("version of `{}`", release.description.name);
        file(name, release.title(), release.dir.parent().and_then(Path::parent).unwrap_or(&release.dir))
    }));
    found
}
