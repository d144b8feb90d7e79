//! Quotes words of a command that is shown for pasting. For POSIX shells; runs nothing.

/// `text` as one word of a shell command, quoted if necessary.
pub fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    // Nothing is special within single quotes; a single quote itself is written outside of them.
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_back_what_was_written() {
        assert_eq!(word("runs/sql-1"), "runs/sql-1");
        for text in ["How many?", "it's $HOME `x` \\ \"y\"", "", "a\nb", "'"] {
            let script = format!("printf %s {}", word(text));
            let Ok(output) = std::process::Command::new("sh").args(["-c", &script]).output() else { return };
            assert_eq!(String::from_utf8_lossy(&output.stdout), text);
        }
    }
}
