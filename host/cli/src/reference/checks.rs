//! The page of all checks of an expert, from their table.

use super::check;

#[test]
fn the_page_of_checks_is_up_to_date() {
    check("../checks.md", &hive_check::page());
}
