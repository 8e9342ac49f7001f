//! `pkg/sources.txt`: what pkg/ was built from, without what the compiler does not see.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::sha256;

/// The contents of `pkg/sources.txt` for these files, whose paths are relative to `root`: a line for each with its
/// [`fingerprint`] and its path, sorted by path.
///
/// # Errors
/// When a file cannot be read, or is not Rust though it is called `.rs`.
pub fn sources_txt<'a>(root: &Path, paths: impl IntoIterator<Item = &'a str>) -> Result<String> {
    let mut paths: Vec<_> = paths.into_iter().collect();
    paths.sort_unstable();
    paths.dedup();
    let mut list = String::new();
    for path in paths {
        let bytes = fs::read(root.join(path)).with_context(|| format!("cannot read {path}"))?;
        writeln!(list, "{}  {path}", fingerprint(path, &bytes)?)?;
    }
    Ok(list)
}

/// The SHA-256 of what decides the output of a build: of Rust (`.rs`) the tokens, of any other file the bytes.
///
/// Left out of Rust sources are white space, comments, doc comments and `#[cfg(test)] mod name { ... }`, also with
/// `#[cfg(all(test, ...))]`. Two things in
/// pkg/ still come from there, and may be out of date: the line numbers in the messages of panics, and the comments in
/// `second_look.js` and `second_look.d.ts`, which wasm-bindgen and tsify copy from doc comments. Neither changes what
/// the page does.
///
/// # Errors
/// When a `.rs` file is not Rust.
pub fn fingerprint(path: &str, bytes: &[u8]) -> Result<String> {
    if !path.ends_with(".rs") {
        return Ok(sha256(bytes));
    }
    let source = std::str::from_utf8(bytes).with_context(|| format!("{path} is not UTF-8"))?;
    // rustc reads a line's end of Windows as one of Unix, in string literals too.
    let tokens: TokenStream = source
        .replace("\r\n", "\n")
        .parse()
        .map_err(|error| anyhow!("{path} is not Rust ({error})"))?;
    let mut text = String::new();
    write_tokens(tokens, &mut text);
    Ok(sha256(text.as_bytes()))
}

/// Writes tokens so that different ones give different texts.
fn write_tokens(tokens: TokenStream, text: &mut String) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut rest = tokens.as_slice();
    while let [first, after @ ..] = rest {
        if let Some(after) = skip_doc(rest).or_else(|| skip_tests(rest)) {
            rest = after;
            continue;
        }
        match first {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                text.push('\n');
                write_tokens(group.stream(), text);
                text.push_str(close);
            }
            // `& &` and `&&` are not the same.
            TokenTree::Punct(punct) => {
                text.push(punct.as_char());
                if punct.spacing() == proc_macro2::Spacing::Joint {
                    rest = after;
                    continue;
                }
            }
            other => text.push_str(&other.to_string()),
        }
        text.push('\n');
        rest = after;
    }
}

/// What follows a doc comment, which is `#[doc = "..."]` or `#![doc = "..."]` among tokens.
fn skip_doc(tokens: &[TokenTree]) -> Option<&[TokenTree]> {
    let [TokenTree::Punct(hash), after @ ..] = tokens else { return None };
    let after = match after {
        [TokenTree::Punct(inner), after @ ..] if inner.as_char() == '!' => after,
        after => after,
    };
    let [TokenTree::Group(attribute), after @ ..] = after else { return None };
    let inside: Vec<TokenTree> = attribute.stream().into_iter().collect();
    let is_doc = matches!(
        inside.as_slice(),
        [TokenTree::Ident(name), TokenTree::Punct(equals), TokenTree::Literal(_)]
            if name == "doc" && equals.as_char() == '='
    );
    (hash.as_char() == '#' && attribute.delimiter() == Delimiter::Bracket && is_doc)
        .then_some(after)
}

/// What follows `#[cfg(test)] mod name { ... }`, or the same with `#[cfg(all(test, ...))]`. Any other item for tests only is written
/// as it is.
fn skip_tests(tokens: &[TokenTree]) -> Option<&[TokenTree]> {
    let [
        TokenTree::Punct(hash),
        TokenTree::Group(attribute),
        TokenTree::Ident(keyword),
        TokenTree::Ident(_),
        TokenTree::Group(body),
        after @ ..,
    ] = tokens
    else {
        return None;
    };
    let attribute = attribute.to_string().replace(' ', "");
    (hash.as_char() == '#'
        && (attribute == "[cfg(test)]" || attribute.starts_with("[cfg(all(test,"))
        && keyword == "mod"
        && body.delimiter() == Delimiter::Brace)
        .then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "\
//! A module.

use std::fmt;

/// Doubles.
#[inline]
pub fn double(x: u32) -> u32 {
    // Twice.
    x + x /* as said */ + 1
}

#[cfg(target_arch = \"wasm32\")]
fn name() -> &'static str {
    \"one  two\"
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_doubles() {
        assert_eq!(super::double(1), 3);
    }
}
";

    fn of(source: &str) -> String {
        fingerprint("src/x.rs", source.as_bytes()).unwrap()
    }

    /// The fingerprint after a change that must have changed the text.
    #[track_caller]
    fn changed(from: &str, to: &str) -> String {
        assert!(SOURCE.contains(from), "{from}");
        of(&SOURCE.replacen(from, to, 1))
    }

    #[test]
    fn comments_space_and_tests_keep_it() {
        for (from, to) in [
            ("//! A module.", "//! Another one.\n//! With two lines."),
            ("//! A module.\n", ""),
            ("/// Doubles.", "/// Makes it twice as large; \"quoted\"."),
            ("/// Doubles.", "/** Doubles. */"),
            ("/// Doubles.\n", ""),
            ("    // Twice.\n", ""),
            ("/* as said */ ", ""),
            ("\n\nuse", "\n\n\n\nuse"),
            ("x: u32) -> u32 {", "x: u32)\n    -> u32\n{"),
            ("super::double(1), 3", "super::double(2), 5"),
            ("cfg(test)", "cfg(all(test, unix))"),
        ] {
            assert_eq!(changed(from, to), of(SOURCE), "{from} -> {to}");
        }
        assert_eq!(of(&SOURCE.replace('\n', "\r\n")), of(SOURCE));
    }

    #[test]
    fn what_the_compiler_sees_changes_it() {
        let mut seen = vec![of(SOURCE)];
        for (from, to) in [
            ("+ 1", "+ 2"),
            ("+ 1", "+ 1_u32"),
            ("x + x", "x - x"),
            ("one  two", "one two"),
            ("double(x", "twice(x"),
            ("#[inline]", "#[inline(always)]"),
            ("#[inline]\n", ""),
            ("target_arch = \"wasm32\"", "target_arch = \"x86_64\""),
            ("#[cfg(target_arch = \"wasm32\")]\n", ""),
            ("&'static str", "&'static  &'static str"),
            ("#[cfg(test)]\nmod", "mod"),
            ("cfg(test)", "cfg(not(test))"),
            ("cfg(test)", "cfg(any(test, unix))"),
            ("use std::fmt;\n", "use std::fmt;\nuse std::io;\n"),
            ("/// Doubles.", "#[doc(hidden)]"),
        ] {
            let sum = changed(from, to);
            assert!(!seen.contains(&sum), "{from} -> {to}");
            seen.push(sum);
        }
    }

    #[test]
    fn other_tokens_give_another_text() {
        let all = ["a && b", "a & & b", "a & b", "ab", "a b", "(a)", "{a}", "[a]", "'a' a", "'a a"];
        let sums: std::collections::BTreeSet<_> = all.iter().map(|source| of(source)).collect();
        assert_eq!(sums.len(), all.len());
    }

    #[test]
    fn other_files_count_byte_by_byte() {
        let of = |bytes| fingerprint("scripts/x.sh", bytes).unwrap();
        assert_ne!(of(b"true # a"), of(b"true # b"));
        assert_eq!(of(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn what_is_not_rust_is_told() {
        let error = fingerprint("src/x.rs", b"fn {").unwrap_err();
        assert!(error.to_string().contains("src/x.rs"), "{error}");
    }
}
