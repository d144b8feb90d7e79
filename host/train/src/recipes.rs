//! The named recipes of `manifests/recipes/`, embedded in the binary. Each is a partial recipe that
//! works with any expert: `--profile external`.

/// The recipe for small data, which is completed when the records are counted.
pub(crate) const SMALL: &str = "small";

const RECIPES: [(&str, &str); 5] = [
    ("before", include_str!("../../../manifests/recipes/before.toml")),
    ("external", include_str!("../../../manifests/recipes/external.toml")),
    ("llama-factory", include_str!("../../../manifests/recipes/llama-factory.toml")),
    ("optimized", include_str!("../../../manifests/recipes/optimized.toml")),
    (SMALL, include_str!("../../../manifests/recipes/small.toml")),
];

/// The names.
pub fn names() -> impl Iterator<Item = &'static str> {
    RECIPES.iter().map(|(name, _)| *name)
}

/// The TOML text of a recipe.
pub fn named(name: &str) -> Option<&'static str> {
    RECIPES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
