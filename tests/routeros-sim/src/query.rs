//! Query words of the API and of REST filters.

use std::cmp::Ordering;

use crate::row::Row;
use crate::trap::Trap;

/// True when the row passes the query words, each without its leading `?`.
pub fn matches(row: &Row, words: &[String]) -> Result<bool, Trap> {
    let mut stack: Vec<bool> = Vec::new();
    for word in words {
        if let Some(operations) = word.strip_prefix('#') {
            operate(&mut stack, operations)?;
        } else {
            stack.push(test(row, word));
        }
    }
    Ok(stack.into_iter().all(|passed| passed))
}

fn test(row: &Row, word: &str) -> bool {
    let (sign, rest) = match word.chars().next() {
        Some(sign @ ('-' | '<' | '>' | '=')) => (sign, word.trim_start_matches(sign)),
        _ => ('=', word),
    };
    let Some((name, wanted)) = rest.split_once('=') else {
        return row.contains_key(rest) != (sign == '-');
    };
    let Some(found) = row.get(name) else {
        return false;
    };
    match sign {
        '<' => order(found, wanted) == Ordering::Less,
        '>' => order(found, wanted) == Ordering::Greater,
        _ => same(found, wanted),
    }
}

fn same(found: &str, wanted: &str) -> bool {
    let plain = |text: &str| match text {
        "yes" => "true".to_owned(),
        "no" => "false".to_owned(),
        other => other.to_owned(),
    };
    found == wanted || plain(found) == plain(wanted)
}

fn order(left: &str, right: &str) -> Ordering {
    match (left.parse::<i64>(), right.parse::<i64>()) {
        (Ok(left), Ok(right)) => left.cmp(&right),
        _ => left.cmp(right),
    }
}

fn operate(stack: &mut Vec<bool>, operations: &str) -> Result<(), Trap> {
    let broken = || Trap::failure("invalid query");
    let mut index = String::new();
    for operation in operations.chars().chain(Some(';')) {
        if operation.is_ascii_digit() {
            index.push(operation);
            continue;
        }
        if !index.is_empty() {
            let at: usize = index.parse().map_err(|_| broken())?;
            let value = *stack.get(at).ok_or_else(broken)?;
            index.clear();
            if operation == '.' {
                stack.push(value);
                continue;
            }
            stack.truncate(at);
            stack.push(value);
        }
        match operation {
            ';' => {}
            '!' => {
                let top = stack.last_mut().ok_or_else(broken)?;
                *top = !*top;
            }
            '.' => {
                let top = *stack.last().ok_or_else(broken)?;
                stack.push(top);
            }
            '&' | '|' => {
                let (right, left) = (
                    stack.pop().ok_or_else(broken)?,
                    stack.pop().ok_or_else(broken)?,
                );
                stack.push(if operation == '&' {
                    left && right
                } else {
                    left || right
                });
            }
            _ => return Err(broken()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::matches;
    use crate::row::Row;

    #[track_caller]
    fn check(words: &[&str], expected: bool) {
        let row: Row = [("name", "ether1"), ("mtu", "1500"), ("disabled", "false")]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        assert_eq!(matches(&row, &words), Ok(expected), "{words:?}");
    }

    #[test]
    fn words_are_anded_unless_operators_say_otherwise() {
        check(&["name=ether1", "mtu=1500"], true);
        check(&["=name=ether1"], true);
        check(&["name=ether1", "mtu=9000"], false);
        check(&["name=ether1", "mtu=9000", "#|"], true);
        check(&["name=ether2", "#!"], true);
        check(&["name", "-comment"], true);
        check(&["-name"], false);
        check(&[">mtu=1400", "<mtu=1501"], true);
        check(&["disabled=no"], true);
    }
}
