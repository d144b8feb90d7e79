//! The pages that hive writes, as a browser shows them: at three widths and in both schemes nothing runs off the side,
//! and their script filters and copies. And the links between them. Without a browser on the path, what needs one is
//! skipped with a line that says so; `HIVE_TEST_SCREENSHOTS` names a folder for pictures of all pages.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use hive_tests::check_all;
use serde_json::{Value, json};

use crate::expert_traps::place;
use crate::harness::Place;

/// Widths in pixels: of a telephone, a tablet and a desktop.
const WIDTHS: [u32; 3] = [390, 800, 1400];

/// A text that would run off the side, and that would be a script if it were not escaped.
const HOSTILE: &str = "<script>document.title='broken'</script><img src=x onerror=alert(1)>";

/// How long a browser may take.
const PATIENCE: Duration = Duration::from_secs(60);

fn succeeded(place: &Place, args: &[&str]) -> String {
    let said = place.run(args);
    assert!(said.starts_with("exit: 0\n"), "{args:?}: {said}");
    said
}

/// Makes one page of every kind: two runs, an evaluation, a comparison of candidates and one of runs, a prepared set.
fn pages(place: &Place) -> Vec<PathBuf> {
    let long = "x".repeat(400);
    let suite = [
        json!({"id": "plain", "question": "one", "gold": "ONE", "tags": ["short"]}),
        json!({"id": long, "question": format!("{HOSTILE} {long}"), "gold": HOSTILE.to_uppercase(), "tags": [long, "odd \"tag\""]}),
    ];
    place.write("checkout/suite.jsonl", &suite.map(|prompt| prompt.to_string()).join("\n"));
    let train = ["expert", "train", "careless", "--base", "../tiny", "--set", "training.eval_steps=1"];
    let graded = ["--set", "graded_eval_prompts=2", "--set", "graded_prompts=2"];
    succeeded(place, &[&train[..], &graded, &["--steps", "4"]].concat());
    succeeded(place, &[&train[..], &graded, &["--steps", "3", "--set", "rank=4"]].concat());
    let asked = ["--suite", "suite.jsonl", "--max-new-tokens", "4"];
    succeeded(place, &[&["expert", "eval", "careless", "--run", "runs/careless-1"][..], &asked].concat());
    let candidates = ["--adapter", "ours=runs/careless-1", "--adapter", "other=runs/careless-2"];
    let compare = ["expert", "compare", "careless", "--base", "../tiny", "--out", "side"];
    succeeded(place, &[&compare[..], &candidates, &asked].concat());
    succeeded(place, &["runs", "compare", "careless-1", "careless-2", "--out", "side/runs.html"]);
    succeeded(place, &["expert", "data", "careless", "--base", "../tiny", "--out", "set"]);
    let pages = [
        "runs/careless-1/report.html",
        "runs/careless-1/eval/suite.html",
        "side/compare.html",
        "side/runs.html",
        "set/report.html",
    ];
    pages.map(|page| place.path("checkout").join(page)).into()
}

fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let mut all = std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name)));
    all.find(|program| program.is_file())
}

/// What the browser prints.
fn shown_by(browser: &Path, place: &Place, args: &[&str]) -> String {
    let printed = place.path("printed");
    let profile = format!("--user-data-dir={}", place.path("browser").display());
    // As root, which tests in a container are, the browser runs without its sandbox alone.
    let fixed =
        ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=5000", &profile];
    let mut child = Command::new(browser)
        .args(fixed)
        .args(args)
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(&printed).unwrap())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{} did not end within {PATIENCE:?}", browser.display());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    std::fs::read_to_string(printed).unwrap()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Runs in each frame once all have loaded: measures, then filters and copies.
const PROBE: &str = r#"
const settle = () => new Promise((done) => setTimeout(done, 50));
onload = async () => {
  const found = [];
  for (const frame of document.querySelectorAll("iframe")) {
    const page = frame.contentDocument, root = page.scrollingElement;
    const one = {
      name: frame.title, scroll: root.scrollWidth, client: root.clientWidth, height: root.scrollHeight, title: page.title,
      dark: frame.contentWindow.matchMedia("(prefers-color-scheme: dark)").matches,
      ground: frame.contentWindow.getComputedStyle(page.body).backgroundColor,
      loaded: frame.contentWindow.performance.getEntriesByType("resource").length,
      copies: page.querySelectorAll("button.copy").length, texts: page.querySelectorAll("[data-copy] pre[data-text]").length,
    };
    const form = page.querySelector("form.controls");
    if (form) {
      const count = () => [...page.querySelectorAll("[data-prompt]")].filter((card) => !card.hidden).length;
      const pick = async (name, value) => {
        form.reset();
        await settle();
        form.elements[name].value = value;
        form.dispatchEvent(new Event("input"));
        return count();
      };
      one.filter = {
        visible: !form.hidden, all: await pick("text", ""), tag: await pick("tag", "0"), text: await pick("text", "ONERROR"),
        right: await pick("result", "right-any"), wrong: await pick("result", "wrong-0"), none: await pick("text", "nowhere"),
        said: form.querySelector("output").value,
      };
      await pick("text", "");
      const button = page.querySelector("button.copy");
      button.click();
      await settle();
      one.copied = button.textContent;
    }
    found.push(one);
  }
  document.getElementById("found").textContent = JSON.stringify(found);
};
"#;

/// What the browser finds in each page, (name, text), at each width.
fn probed(browser: &Path, place: &Place, pages: &[(String, String)], dark: bool) -> Vec<Value> {
    let mut wrapper = "<!doctype html><meta charset=\"utf-8\"><body>".to_owned();
    for (name, text) in pages {
        for width in WIDTHS {
            let text = escaped(text);
            wrapper += &format!(
                "<iframe title=\"{name} {width}\" width=\"{width}\" height=\"900\" style=\"border: 0\" srcdoc=\"{text}\"></iframe>"
            );
        }
    }
    wrapper += &format!("<pre id=\"found\"></pre><script>{PROBE}</script>");
    let file = place.write("wrapper.html", &wrapper);
    let address = format!("file://{}", file.display());
    let scheme = if dark { "--force-dark-mode" } else { "--disable-features=WebContentsForceDark" };
    let dom = shown_by(browser, place, &[scheme, "--dump-dom", &address]);
    let (_, found) = dom.split_once("<pre id=\"found\">").unwrap_or_else(|| panic!("no result in {dom}"));
    let (found, _) = found.split_once("</pre>").unwrap();
    let found = found.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", " ").replace("&amp;", "&");
    serde_json::from_str(&found).unwrap_or_else(|e| panic!("{e} in `{found}`"))
}

/// Pictures of the pages, each as long as it is.
fn photograph(browser: &Path, place: &Place, pages: &[(String, String)], found: &[Value], dark: bool, folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let sizes = pages.iter().flat_map(|page| WIDTHS.map(|width| (page, width)));
    for (((name, text), width), found) in sizes.zip(found) {
        let height = found["height"].as_u64().unwrap().min(12_000);
        let text = escaped(text);
        let frame = format!(
            "<iframe width=\"{width}\" height=\"{height}\" style=\"border: 0; display: block\" srcdoc=\"{text}\">"
        );
        let file = place.write("picture.html", &format!("<!doctype html><body style=\"margin: 0\">{frame}</iframe>"));
        let scheme = if dark { "dark" } else { "light" };
        let picture = format!("--screenshot={}/{}-{width}-{scheme}.png", folder.display(), name.replace('/', "-"));
        // A window has a least width, which is why pages are in frames.
        let window = format!("--window-size={},{height}", width.max(500));
        let address = format!("file://{}", file.display());
        let scheme = if dark { "--force-dark-mode" } else { "--disable-features=WebContentsForceDark" };
        shown_by(browser, place, &[scheme, &picture, &window, &address]);
    }
}

#[test]
fn every_page_fits_a_telephone_a_tablet_and_a_desktop_in_both_schemes() {
    let Some(browser) = browser() else {
        println!("skipped: there is no chromium, chromium-browser or google-chrome on the path");
        return;
    };
    let place = place();
    let root = place.path("checkout");
    let mut all: Vec<(String, String)> = pages(&place)
        .iter()
        .map(|page| {
            let name = page.strip_prefix(&root).unwrap().display().to_string();
            (name, std::fs::read_to_string(page).unwrap())
        })
        .collect();
    // What is too wide must be noticed.
    let wide = all[0].1.replacen("<h2>", "<div style=\"width: 1500px\">wide</div><h2>", 1);
    all.push(("wide".to_owned(), wide));
    for dark in [false, true] {
        let found = probed(&browser, &place, &all, dark);
        assert_eq!(found.len(), all.len() * WIDTHS.len());
        check_all(&found, |page| {
            assert_eq!(page["dark"], dark, "{page}");
            let ground = if dark { "rgb(18, 22, 28)" } else { "rgb(245, 246, 249)" };
            assert_eq!(page["ground"], ground, "{page}");
            assert_eq!(page["loaded"], 0, "nothing is fetched: {page}");
            assert_ne!(page["title"], "broken", "data is escaped: {page}");
            let too_wide = page["scroll"].as_u64() > page["client"].as_u64();
            assert_eq!(too_wide, page["name"].as_str().unwrap().starts_with("wide"), "{page}");
            assert_eq!(page["copies"], page["texts"], "every answer can be copied: {page}");
            check_filter(page);
        });
        let filters = found.iter().filter(|page| page["filter"].is_object()).count();
        assert_eq!(filters, 2 * WIDTHS.len(), "evaluations have a filter");
        if let Some(folder) = std::env::var_os("HIVE_TEST_SCREENSHOTS") {
            photograph(&browser, &place, &all[..all.len() - 1], &found, dark, Path::new(&folder));
        }
    }
}

/// The filter of a page that has one: of two prompts the first has the first tag, and the second the hostile text.
fn check_filter(page: &Value) {
    let filter = &page["filter"];
    if filter.is_null() {
        return;
    }
    assert_eq!(filter["visible"], true, "{page}");
    let counts = ["all", "tag", "text", "right", "wrong", "none"].map(|key| filter[key].as_u64().unwrap());
    assert_eq!(counts, [2, 1, 1, 0, 2, 0], "{page}");
    assert_eq!(filter["said"], "0 of 2 prompts shown", "{page}");
    let copied = page["copied"].as_str().unwrap();
    assert!(["Copied", "Selected: press Ctrl+C"].contains(&copied), "{page}");
}

/// The files that a page links to, as paths from its folder.
fn links(page: &str) -> Vec<String> {
    let links = page.split("<a href=\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0));
    links.filter(|link| !link.starts_with('#')).map(|link| link.replace("&#x2f;", "/")).collect()
}

#[test]
fn pages_link_to_each_other_and_still_do_when_they_are_moved() {
    let place = place();
    let all = pages(&place);
    let linked = |page: &Path| {
        let links = links(&std::fs::read_to_string(page).unwrap());
        for link in &links {
            assert!(page.parent().unwrap().join(link).is_file(), "{} links to {link}", page.display());
        }
        links
    };
    assert_eq!(linked(&all[0]), ["eval/suite.html"]);
    assert_eq!(linked(&all[1]), ["../report.html"]);
    assert_eq!(linked(&all[2]), ["../runs/careless-1/report.html", "../runs/careless-2/report.html"]);
    assert_eq!(linked(&all[3]), linked(&all[2]));
    std::fs::rename(place.path("checkout/runs/careless-1"), place.path("checkout/elsewhere")).unwrap();
    assert_eq!(linked(&place.path("checkout/elsewhere/report.html")), ["eval/suite.html"]);
    assert_eq!(linked(&place.path("checkout/elsewhere/eval/suite.html")), ["../report.html"]);
}

#[test]
fn every_page_says_what_it_shows_and_when_it_was_made() {
    let place = place();
    check_all(pages(&place), |path| {
        let page = std::fs::read_to_string(&path).unwrap();
        let name = path.display();
        for fact in ["Date", "Duration", "Machine", "hive"] {
            assert!(page.contains(&format!("<dt>{fact}</dt><dd>")), "`{fact}` is missing in {name}");
        }
        assert!(
            page.contains("UTC</dd>") && page.contains(&format!("<dd>{}</dd>", env!("CARGO_PKG_VERSION"))),
            "{name}"
        );
        assert_eq!(page.matches("<table").count(), page.matches("<caption>").count(), "tables of {name}");
        assert!(!page.contains("<th>") && !page.contains("<th class"), "headings of {name} say what they head");
        for figure in page.split("<figure").skip(1) {
            let opening = figure.split("</figure>").next().unwrap();
            assert!(opening.contains("aria-label=\""), "a figure of {name} without words: {opening}");
        }
        assert!(!page.contains("{{") && !page.contains("{%"), "{name}");
    });
    let run = std::fs::read_to_string(place.path("checkout/runs/careless-1/report.html")).unwrap();
    let mut parts = vec![
        "training loss, smoothed, last ",
        "exponential moving average with a half-life of 1 step",
        ">nats per loss token</text>",
        ">optimizer steps</text>",
        ">tokens per record</text>",
        "best checkpoint: step ",
        "Held-out loss ",
        "of 2</td>",
        "<b>gold answer</b>",
        "class=\"answer wrong\"",
    ];
    parts.push("Wilson's interval of 95 %");
    check_all(parts, |part| assert!(run.contains(part), "`{part}` is missing in the page of a run:\n{run}"));
    assert!(!run.contains("class=\"answer right\""), "the tiny base answers nothing right");
}

#[test]
fn runs_are_compared_on_a_terminal_and_as_json() {
    let place = place();
    pages(&place);
    let said = succeeded(&place, &["runs", "compare", "careless-1", "runs/careless-2"]);
    let rows: Vec<String> = said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let has = |row: &str| assert!(rows.iter().any(|line| line == row), "`{row}` is missing:\n{said}");
    has("careless-1 careless-2");
    has("steps 4 3");
    has("adapter.rank 2 4");
    has("right answers, held-out records 0.0 % [0.0, 65.8] of 2 0.0 % [0.0, 65.8] of 2");
    has("Comparison: comparisons/careless-1-careless-2.html");
    assert!(!said.contains("sha256 of the records"), "the runs have the same records: {said}");
    let output = place.output(&[], &["runs", "compare", "careless-1", "careless-2", "--json"]);
    let compared: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(compared["page"], "comparisons/careless-1-careless-2.html");
    assert_eq!(compared["runs"][1]["steps"], 3);
    assert!(compared["runs"][0]["best_eval"]["value"].as_f64().is_some_and(|loss| loss > 0.0), "{compared}");
    let rank = compared["differences"].as_array().unwrap().iter().find(|row| row["name"] == "adapter.rank").unwrap();
    assert_eq!(rank["values"], json!(["2", "4"]));

    // What is no comparison is not overwritten unasked.
    let mine = place.write("checkout/mine.html", "<p>mine</p>");
    let compare = ["runs", "compare", "careless-1", "careless-2", "--out", "mine.html"];
    let said = place.run(&compare);
    assert!(said.starts_with("exit: 2\n") && said.contains("`--force` overwrites it"), "{said}");
    assert_eq!(std::fs::read_to_string(&mine).unwrap(), "<p>mine</p>");
    succeeded(&place, &[&compare[..], &["--force"]].concat());
    assert!(std::fs::read_to_string(&mine).unwrap().contains("Runs side by side"));
    let said = place.run(&["runs", "compare", "careless-1", "runs/careless-1"]);
    assert!(said.starts_with("exit: 2\n") && said.contains("is named twice"), "{said}");
    let said = place.run(&["runs", "compare", "careless-1"]);
    assert!(said.starts_with("exit: 2\n") && said.contains("2 values required"), "{said}");
}
