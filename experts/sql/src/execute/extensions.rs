//! Types and functions of PostgreSQL's extensions, which the embedded PostgreSQL lacks: an error about a missing one
//! names its extension.

/// Extensions by what begins with these names, or is called so.
const TYPES: &[(&str, &[&str])] = &[
    ("citext", &["citext"]),
    ("cube", &["cube"]),
    ("hstore", &["hstore"]),
    ("isn", &["ean13", "isbn", "isbn13", "ismn", "issn", "upc"]),
    ("ltree", &["lquery", "ltree", "ltxtquery"]),
    ("postgis", &["box2d", "box3d", "geography", "geometry", "raster"]),
    ("seg", &["seg"]),
    ("vector", &["halfvec", "sparsevec", "vector"]),
];

const FUNCTIONS: &[(&str, &[&str])] = &[
    ("earthdistance", &["earth_box", "earth_distance", "ll_to_earth"]),
    ("fuzzystrmatch", &["daitch_mokotoff", "difference", "dmetaphone", "levenshtein", "metaphone", "soundex"]),
    ("pg_trgm", &["show_trgm", "similarity", "strict_word_similarity", "word_similarity"]),
    ("pgcrypto", &["armor", "crypt", "digest", "gen_random_bytes", "gen_salt", "hmac"]),
    ("tablefunc", &["connectby", "crosstab", "normal_rand"]),
    ("unaccent", &["unaccent"]),
    ("uuid-ossp", &["uuid_generate_v1", "uuid_generate_v3", "uuid_generate_v4", "uuid_generate_v5"]),
];

/// The extension that has what PostgreSQL says does not exist: `type "geometry" does not exist`, `function
/// similarity(text, unknown) does not exist`.
pub(super) fn extension_of(message: &str) -> Option<&'static str> {
    let missing = message.strip_suffix(" does not exist")?;
    let among = |all: &[(&'static str, &[&str])], name: &str| {
        all.iter().find(|(_, names)| names.contains(&name)).map(|(extension, _)| *extension)
    };
    if let Some(name) = missing.strip_prefix("type ") {
        return among(TYPES, name.trim_matches('"').trim_end_matches("[]"));
    }
    let name = missing.strip_prefix("function ")?.split('(').next()?;
    if name.starts_with("st_") {
        return Some("postgis");
    }
    if name.starts_with("pgp_") {
        return Some("pgcrypto");
    }
    among(FUNCTIONS, name)
}

#[cfg(test)]
mod tests {
    use hive_tests::check_all;

    #[test]
    fn what_is_missing_is_told_by_its_extension() {
        check_all(
            [
                ("type \"geometry\" does not exist", Some("postgis")),
                ("type \"citext[]\" does not exist", Some("citext")),
                ("function st_distance(point, point) does not exist", Some("postgis")),
                ("function similarity(text, unknown) does not exist", Some("pg_trgm")),
                ("function pgp_sym_encrypt(text, unknown) does not exist", Some("pgcrypto")),
                ("function ifnull(text, unknown) does not exist", None),
                ("type \"mood\" does not exist", None),
                ("relation \"vector\" does not exist", None),
            ],
            |(message, extension)| {
                assert_eq!(super::extension_of(message), extension, "{message}");
            },
        );
    }
}
