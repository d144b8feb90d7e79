//! Runs the checks in their order. What a check has found wrong with a record keeps the record out of the checks that come
//! after it, so that one fault is one finding.

use hive_files::hex;
use sha2::{Digest, Sha256};

use crate::check::Depth;
use crate::collector::Collector;
use crate::groups::{boundary, data, grade, inspect, manifest, package, render, suite, synthesize, train, validate};
use crate::report::Report;
use crate::sample::Sample;
use crate::session::Session;
use crate::subject::Subject;
use crate::table::checks;

/// Checks an expert.
pub fn run(subject: &Subject<'_>, depth: Depth) -> Report {
    let mut out = Collector::new(depth);
    if let Some(manifest) = manifest::run(subject, &mut out)
        && let Some(expert) = boundary::open(subject, &mut out)
    {
        let mut sample = Sample::default();
        let mut session = Session::new(&expert, subject.declared, &mut out);
        suite::read(&mut sample, &mut session);
        synthesize::make(&mut sample, &mut session);
        if depth == Depth::Full {
            data::read(subject, &mut sample, &mut session);
        }
        render::run(&mut sample, &mut session);
        suite::same(&sample, &mut session);
        grade::run(&sample, &mut session);
        if depth == Depth::Full {
            validate::run(&sample, &mut session);
            inspect::run(&sample, &mut session);
            synthesize::run(&sample, &mut session);
            suite::run(&sample, &mut session);
            data::run(&sample, &mut session);
            train::run(&sample, &mut session);
            boundary::run(subject, &sample, &mut session);
            package::run(subject, &manifest, &sample, &mut out);
            boundary::printed(&expert, subject.declared, &mut out);
        }
    }
    Report {
        expert: subject.name.clone(),
        manifest: hex(&Sha256::digest(&subject.manifest)),
        hive: env!("CARGO_PKG_VERSION").to_owned(),
        declared: subject.declared,
        depth,
        checks: out.finish(checks()),
    }
}
