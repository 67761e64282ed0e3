//! Internationalised names (RFC 5890 §2.3.2.1, UTS 46, UTS 39).

use unicode_security::RestrictionLevel;
use unicode_security::confusable_detection::skeleton;
use unicode_security::restriction_level::RestrictionLevelDetection as _;

/// Judges the labels of a DNS name that stand for international ones: `xn--…`.
///
/// Returns what is wrong with the first bad one. Names come as A-labels only, so that what is certified is what was
/// typed, letter by letter.
pub(crate) fn judge(name: &str) -> Result<(), &'static str> {
    name.split('.')
        .filter(|label| label.starts_with("xn--"))
        .try_for_each(judge_label)
}

fn judge_label(label: &str) -> Result<(), &'static str> {
    let (shown, decoded) = idna::domain_to_unicode(label);
    let written = idna::domain_to_ascii_strict(&shown);
    if decoded.is_err() || shown.is_ascii() || written.ok().as_deref() != Some(label) {
        return Err("has a label that begins with xn-- and is no A-label");
    }
    if !shown
        .as_str()
        .check_restriction_level(RestrictionLevel::HighlyRestrictive)
    {
        return Err("has a label that mixes scripts, or has characters that no name needs");
    }
    // A whole word in the look-alikes of another script passes every rule about mixing.
    if skeleton(&shown).all(|character| character.is_ascii()) {
        return Err("has a label that looks like an ASCII name");
    }
    Ok(())
}
