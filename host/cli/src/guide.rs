//! The commands that pages of the guide show, for the tests that parse and run them.

/// The hive commands in a page's code blocks, each on one line.
pub fn commands(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut block: Option<&str> = None;
    let mut begun = String::new();
    for line in text.lines() {
        let line = line.trim();
        if let Some(language) = line.strip_prefix("```") {
            block = if block.is_some() { None } else { Some(language) };
            continue;
        }
        // Help texts and output are marked `text`; everything else can be typed.
        if block.is_none_or(|language| !["", "sh", "bash"].contains(&language)) {
            continue;
        }
        begun += line.strip_suffix('\\').unwrap_or(line);
        if line.ends_with('\\') {
            continue;
        }
        let command = std::mem::take(&mut begun);
        let command =
            command.strip_prefix("cargo run --release -- ").map(|rest| format!("hive {rest}")).unwrap_or(command);
        if command.starts_with("hive ") {
            found.push(command);
        }
    }
    found
}

/// Splits a line into words like a shell: quotes, and no comment at the end.
pub fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (Some(_), _) => word.get_or_insert_default().push(character),
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, _) if character.is_whitespace() => words.extend(word.take()),
            (None, _) => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}
