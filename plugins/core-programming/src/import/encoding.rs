//! Bytes as text: UTF-8 and nothing else, but what else it is gets named.

use super::Refusal;

/// The bytes as text: UTF-8, with or without its mark. Other encodings are named and refused.
pub(super) fn decode(bytes: &[u8]) -> Result<&str, Refusal> {
    let save_as = "save the file as UTF-8 and import it again";
    let bytes = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes);
    match bytes {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => {
            return Err(Refusal::whole(format!("the file is UTF-32; {save_as}")));
        }
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => return Err(Refusal::whole(format!("the file is UTF-16; {save_as}"))),
        [_, 0, _, 0, ..] | [0, _, 0, _, ..] => {
            return Err(Refusal::whole(format!("the file looks like UTF-16 without its mark; {save_as}")));
        }
        [0x1F, 0x8B, ..] => return Err(Refusal::whole("the file is compressed (gzip); unpack it first")),
        [b'P', b'K', 3, 4, ..] => {
            return Err(Refusal::whole(
                "the file is a ZIP archive (perhaps a spreadsheet); unpack it or save it as CSV",
            ));
        }
        _ => {}
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = error.valid_up_to();
        let before = bytes.get(..good).and_then(|good| std::str::from_utf8(good).ok()).unwrap_or_default();
        let byte = bytes.get(good).copied().unwrap_or_default();
        if error.error_len().is_none() {
            Refusal::at(before, good, "the file ends in the middle of a character; it was cut off")
        } else {
            Refusal::at(
                before,
                good,
                format!(
                    "the byte {byte:#04x} is not UTF-8 here, perhaps the file is ISO 8859-1 or Windows-1252; {save_as}"
                ),
            )
        }
    })?;
    if let Some(at) = text.find('\0') {
        return Err(Refusal::at(text, at, "there is a zero byte in the file; it is not a text file"));
    }
    if text.trim().is_empty() {
        return Err(Refusal::whole("the file is empty"));
    }
    Ok(text)
}
