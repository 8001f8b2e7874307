//! The difference of two short texts by lines, for failure reports. No cleverness: common head and tail are cut off, the
//! middle is shown whole, up to a limit.

/// Lines shown of each side.
const SHOWN: usize = 12;

/// `-` lines were expected, `+` lines came; empty when equal.
pub(crate) fn lines(expected: &[u8], got: &[u8]) -> String {
    let (a, b) = (split(expected), split(got));
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let tail = a[head..].iter().rev().zip(b[head..].iter().rev()).take_while(|(x, y)| x == y).count();
    let mut out = String::new();
    if head == a.len() && head == b.len() {
        return out;
    }
    if head > 0 {
        out += &format!("  (line {})\n  {}\n", head, a[head - 1]);
    }
    for (sign, side) in [('-', &a[head..a.len() - tail]), ('+', &b[head..b.len() - tail])] {
        for line in side.iter().take(SHOWN) {
            out += &format!("{sign} {line}\n");
        }
        if side.len() > SHOWN {
            out += &format!("{sign} ... {} more lines\n", side.len() - SHOWN);
        }
    }
    out
}

fn split(text: &[u8]) -> Vec<String> {
    text.split_inclusive(|&b| b == b'\n')
        .map(|l| l.escape_ascii().to_string().replace("\\'", "'").replace("\\\"", "\""))
        .map(|l| l.strip_suffix("\\n").map_or_else(|| format!("{l}\\ no newline"), str::to_string))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::lines;

    fn check(expected: &str, got: &str, diff: &str) {
        assert_eq!(lines(expected.as_bytes(), got.as_bytes()), diff);
    }

    #[test]
    fn shows_the_middle() {
        check("a\nb\n", "a\nb\n", "");
        check("a\nb\nc\n", "a\nx\nc\n", "  (line 1)\n  a\n- b\n+ x\n");
        check("a\n", "", "- a\n");
        check("a\n", "a", "- a\n+ a\\ no newline\n");
        check("", "\u{7}'\n", "+ \\x07'\n");
    }
}
