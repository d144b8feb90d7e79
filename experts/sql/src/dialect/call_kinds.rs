//! The kinds of values that functions return whatever their arguments are, those of all three databases.

use crate::catalog::ValueKind;

/// The kind of a function's result, by its name in lower case; `None` where it depends on the arguments, or is not
/// known.
pub(super) fn kind_of_result(name: &str) -> Option<ValueKind> {
    Some(match name {
        "array_position" | "length" | "char_length" | "character_length" | "octet_length" | "instr" | "strpos"
        | "locate" | "position" | "ascii" | "unicode" | "year" | "month" | "day" | "dayofmonth" | "hour" | "minute"
        | "second" | "quarter" | "week" | "weekofyear" | "dayofyear" | "dayofweek" | "weekday" | "datediff"
        | "timestampdiff" | "field" | "find_in_set" | "unix_timestamp" | "sign" | "changes" => ValueKind::Integer,
        "sqrt" | "power" | "pow" | "exp" | "ln" | "log" | "log10" | "stddev" | "stddev_pop" | "stddev_samp"
        | "variance" | "var_pop" | "var_samp" | "std" | "random" | "rand" | "percent_rank" | "cume_dist" | "pi" => {
            ValueKind::Float
        }
        "julianday" => ValueKind::Number,
        "total" => ValueKind::Float,
        "upper" | "lower" | "ucase" | "lcase" | "substr" | "substring" | "concat" | "concat_ws" | "replace"
        | "trim" | "ltrim" | "rtrim" | "group_concat" | "string_agg" | "strftime" | "to_char" | "date_format"
        | "monthname" | "dayname" | "left" | "right" | "hex" | "printf" | "format" | "split_part"
        | "substring_index" | "char" | "chr" | "lpad" | "rpad" | "reverse" | "repeat" | "elt" | "typeof"
        | "initcap" | "mid" | "quote" | "insert" | "soundex" | "time_format" | "space" => ValueKind::Text,
        "date" | "to_date" | "curdate" | "current_date" | "last_day" => ValueKind::Date,
        "now" | "datetime" | "current_timestamp" | "str_to_date" | "sysdate" | "to_timestamp" | "timestamp" => {
            ValueKind::Timestamp
        }
        _ => return None,
    })
}
