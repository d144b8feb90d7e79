//! The shapes of records, as data: a file for each group of domains.

mod commerce;
mod health;
mod home;
mod leisure;
mod office;
mod public;
mod science;
pub mod stories;
mod technology;
mod travel;

use super::shape::Shape;

/// All shapes.
pub fn all() -> impl Iterator<Item = &'static Shape> {
    let files = [
        commerce::SHAPES,
        health::SHAPES,
        home::SHAPES,
        leisure::SHAPES,
        office::SHAPES,
        public::SHAPES,
        science::SHAPES,
        technology::SHAPES,
        travel::SHAPES,
    ];
    files.into_iter().flatten()
}
