//! Which file uses which inside a crate, read from paths in the code. Cargo refuses circles of crates; this refuses
//! circles of files that lie in different folders, in which no file can be understood before the others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::architecture::{MAY_USE, sources, without_tests};
use crate::harness::repository;

/// A module's path in its crate: `["adapter", "peft"]`.
type Module = Vec<String>;

/// A source file.
struct Source {
    path: PathBuf,
    module: Module,
    tokens: Vec<String>,
}

/// The module that a file below `src` is.
fn module_of(relative: &Path) -> Module {
    let mut module: Module =
        relative.with_extension("").components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    if module.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
        module.pop();
    }
    module
}

/// Identifiers and signs, `::` as one, without comments and without the unit tests at the end.
fn tokens_of(text: &str) -> Vec<String> {
    let code = without_tests(text);
    let mut tokens: Vec<String> = Vec::new();
    for line in code.lines().map(|line| line.split("//").next().unwrap_or_default()) {
        let mut in_word = false;
        for c in line.chars() {
            let part = c.is_alphanumeric() || c == '_';
            match tokens.last_mut() {
                Some(word) if part && in_word => word.push(c),
                Some(colon) if c == ':' && colon == ":" && !in_word => colon.push(c),
                _ if !c.is_whitespace() => tokens.push(c.to_string()),
                _ => {}
            }
            in_word = part;
        }
    }
    tokens
}

/// Adds all paths of a `use` tree or a path expression that begins at token `at`; returns the token behind it.
fn paths_from(tokens: &[String], mut at: usize, mut prefix: Module, found: &mut Vec<Module>) -> usize {
    let is_name = |at: usize| tokens.get(at).is_some_and(|t| t.starts_with(|c: char| c.is_alphanumeric() || c == '_'));
    let is = |at: usize, sign: &str| tokens.get(at).is_some_and(|t| t == sign);
    while is_name(at) {
        prefix.push(tokens[at].clone());
        if !is(at + 1, "::") {
            found.push(prefix);
            // `name as other`
            return if is(at + 1, "as") { at + 3 } else { at + 1 };
        }
        at += 2;
    }
    if is(at, "{") {
        at += 1;
        while !is(at, "}") && at < tokens.len() {
            at = paths_from(tokens, at, prefix.clone(), found).max(at + 1);
            if is(at, ",") {
                at += 1;
            }
        }
        return at + 1;
    }
    found.push(prefix);
    at + 1
}

/// `path`, written in `module`, from the root of the crate; `None` if it leads to another crate.
fn absolute(path: &[String], module: &Module, modules: &BTreeMap<Module, usize>) -> Option<Module> {
    let mut base = module.clone();
    let mut rest = path;
    match rest.first().map(String::as_str) {
        Some("crate") => {
            base.clear();
            rest = &rest[1..];
        }
        Some("self") => rest = &rest[1..],
        Some("super") => {}
        Some(child) => {
            base.push(child.to_owned());
            modules.get(&base)?;
            rest = &rest[1..];
        }
        None => return None,
    }
    while let Some((first, behind)) = rest.split_first().filter(|(first, _)| *first == "super") {
        debug_assert_eq!(first, "super");
        base.pop();
        rest = behind;
    }
    base.extend(rest.iter().cloned());
    Some(base)
}

/// What a crate's files use of each other.
struct Uses {
    sources: Vec<Source>,
    modules: BTreeMap<Module, usize>,
    /// Names that a module passes on from its submodules, and where they come from.
    passed_on: BTreeMap<Module, Module>,
    /// From file to file.
    edges: Vec<BTreeSet<usize>>,
}

impl Uses {
    fn of(crate_folder: &Path) -> Self {
        let src = crate_folder.join("src");
        let is_test = |path: &Path| path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("tests"));
        let sources: Vec<Source> = sources(&src)
            .into_iter()
            .filter(|(path, _)| !is_test(path))
            .map(|(path, text)| {
                let relative = path.strip_prefix(&src).unwrap().to_owned();
                Source { module: module_of(&relative), path: relative, tokens: tokens_of(&text) }
            })
            .collect();
        let modules = sources.iter().enumerate().map(|(i, source)| (source.module.clone(), i)).collect();
        let edges = vec![BTreeSet::new(); sources.len()];
        let mut uses = Self { sources, modules, passed_on: BTreeMap::new(), edges };
        let paths: Vec<Vec<(Module, bool)>> = uses.sources.iter().map(|source| uses.paths(source)).collect();
        for (from, paths) in paths.iter().enumerate() {
            for (path, _) in paths.iter().filter(|(_, passed_on)| *passed_on) {
                let mut name = uses.sources[from].module.clone();
                name.extend(path.last().cloned());
                if name != *path {
                    uses.passed_on.insert(name, path.clone());
                }
            }
        }
        for (from, paths) in paths.into_iter().enumerate() {
            for (path, _) in paths.into_iter().filter(|(_, passed_on)| !passed_on) {
                if let Some(to) = uses.file_of(path)
                    && !uses.sources[from].module.starts_with(&uses.sources[to].module)
                {
                    uses.edges[from].insert(to);
                }
            }
        }
        uses
    }

    /// All paths into its own crate that a file writes; true for those of `pub use`.
    fn paths(&self, source: &Source) -> Vec<(Module, bool)> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < source.tokens.len() {
            let token = source.tokens[at].as_str();
            let goes_on = source.tokens.get(at + 1).is_some_and(|next| next == "::");
            let begins = at == 0 || source.tokens[at - 1] != "::";
            let mut child = source.module.clone();
            child.push(token.to_owned());
            let local = ["crate", "super", "self"].contains(&token) || self.modules.contains_key(&child);
            if !(goes_on && begins && local) {
                at += 1;
                continue;
            }
            let mut paths = Vec::new();
            // `pub use`, `pub(crate) use`, `pub(super) use`
            let passed_on = at > 0
                && source.tokens[at - 1] == "use"
                && source.tokens[..at - 1].last().is_some_and(|before| before == "pub" || before == ")");
            at = paths_from(&source.tokens, at, Module::new(), &mut paths);
            let whole = paths.iter().filter_map(|path| absolute(path, &source.module, &self.modules));
            found.extend(whole.map(|path| (path, passed_on)));
        }
        found
    }

    /// The file that holds what a path names.
    fn file_of(&self, mut path: Module) -> Option<usize> {
        for _ in 0..8 {
            let known = (0..=path.len()).rev().find_map(|n| {
                let passed_on = self.passed_on.get(&path[..n]).filter(|_| !self.modules.contains_key(&path[..n]));
                passed_on.map(|to| (n, to.clone()))
            });
            let Some((n, mut to)) = known else { break };
            to.extend(path[n..].iter().cloned());
            path = to;
        }
        (1..=path.len()).rev().find_map(|n| self.modules.get(&path[..n]).copied())
    }

    /// The files that `from` uses, directly or not.
    fn reached(&self, from: usize) -> BTreeSet<usize> {
        let mut reached = BTreeSet::new();
        let mut open = vec![from];
        while let Some(file) = open.pop() {
            open.extend(self.edges[file].iter().copied().filter(|to| reached.insert(*to)));
        }
        reached
    }

    /// Circles of files that lie in different folders.
    fn circles(&self) -> BTreeSet<BTreeSet<&Path>> {
        let reached: Vec<_> = (0..self.sources.len()).map(|file| self.reached(file)).collect();
        let mut found = BTreeSet::new();
        for (file, others) in reached.iter().enumerate() {
            let circle = others.iter().filter(|other| reached[**other].contains(&file));
            let paths: BTreeSet<&Path> = circle.map(|file| self.sources[*file].path.as_path()).collect();
            if paths.iter().map(|path| path.parent()).collect::<BTreeSet<_>>().len() > 1 {
                found.insert(paths);
            }
        }
        found
    }
}

#[test]
fn no_files_of_different_folders_use_each_other() {
    let mut found = Vec::new();
    let mut edges = 0;
    for folder in MAY_USE.iter().map(|(folder, _)| *folder).chain(["host/cli"]) {
        let uses = Uses::of(&repository().join(folder));
        edges += uses.edges.iter().map(BTreeSet::len).sum::<usize>();
        found.extend(uses.circles().into_iter().map(|circle| format!("{folder}: {circle:?}")));
    }
    assert!(found.is_empty(), "files of different folders use each other:\n{}", found.join("\n"));
    assert!(edges > 500, "only {edges} uses were found: are paths still read?");
}

/// A crate that is written here.
fn written(files: &[(&str, &str)]) -> BTreeSet<BTreeSet<PathBuf>> {
    let place = crate::harness::Place::new();
    for (name, text) in files {
        place.write(&format!("made/src/{name}"), text);
    }
    let uses = Uses::of(&place.path("made"));
    uses.circles().into_iter().map(|circle| circle.into_iter().map(Path::to_owned).collect()).collect()
}

#[test]
fn circles_are_found_through_uses_paths_and_names_that_are_passed_on() {
    let circle = BTreeSet::from([["a/one.rs", "b/two.rs"].map(PathBuf::from).into()]);
    let library = ("lib.rs", "mod a;\nmod b;\n");
    let (a, b) = (
        ("a/mod.rs", "mod one;\npub use one::One;\n"),
        ("b/mod.rs", "pub mod two;\npub(crate) use two::{Two, more};\n"),
    );
    let one = ("a/one.rs", "use crate::{\n    b::two::{self, Two as Other},\n};\nuse std::fs;\n");
    let plain = ("b/two.rs", "// crate::a::one::One\nfn f() { std::fs::read(path) }\n");
    assert_eq!(written(&[library, a, b, one, plain]), BTreeSet::new());
    assert_eq!(written(&[library, a, b, one, ("b/two.rs", "fn f() -> crate::a::One { g() }\n")]), circle);
    assert_eq!(written(&[library, a, b, one, ("b/two.rs", "use super::super::a::one::{f, g};\n")]), circle);
    let through = ("a/one.rs", "fn f() { super::super::b::more() }\n");
    assert_eq!(written(&[library, a, b, through, ("b/two.rs", "use crate::a::One;\n")]), circle);
    // In one folder, and between a module and its own submodules, it is allowed.
    let family = [("lib.rs", "mod a;\n"), ("a/mod.rs", "mod one;\nuse one::f;\n"), ("a/one.rs", "use super::g;\n")];
    assert_eq!(written(&family), BTreeSet::new());
}
