//! Walks the top-level custom sections of a component. Only framing is read: a byte of kind, a length, and for custom sections a
//! name. What lies inside other sections (nested modules have custom sections of their own) is skipped by its length.

use super::PackageError;

/// `\0asm`, then version 13 of layer 1: a component.
const COMPONENT: [u8; 8] = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];
/// The same for a core module.
const CORE_MODULE: [u8; 8] = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

const CUSTOM: u8 = 0;

/// A custom section.
pub(super) struct Section<'b> {
    pub(super) name: &'b str,
    pub(super) data: &'b [u8],
    /// The whole section, frame included.
    pub(super) span: std::ops::Range<usize>,
}

/// The custom sections of a component, in order.
pub(super) struct Sections<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Sections<'b> {
    pub(super) fn of(bytes: &'b [u8]) -> Result<Self, PackageError> {
        match bytes.get(..COMPONENT.len()) {
            Some(header) if header == COMPONENT => Ok(Self { bytes, at: COMPONENT.len() }),
            Some(header) if header == CORE_MODULE => Err(PackageError::NotAComponent("it is a core module")),
            _ => Err(PackageError::NotAComponent("its first bytes are others")),
        }
    }

    fn next_section(&mut self) -> Result<Option<Section<'b>>, PackageError> {
        loop {
            let start = self.at;
            let Some(kind) = self.bytes.get(start) else { return Ok(None) };
            self.at += 1;
            let length = self.length()?;
            let content_at = self.at;
            let content = self.take(length, content_at)?;
            if *kind == CUSTOM {
                let (name, data) = custom(content, content_at)?;
                return Ok(Some(Section { name, data, span: start..self.at }));
            }
        }
    }

    fn length(&mut self) -> Result<usize, PackageError> {
        let at = self.at;
        let rest = self.bytes.get(at..).unwrap_or_default();
        let (length, read) =
            leb128(rest).ok_or(PackageError::Damaged { at, what: "a section's length is not a number" })?;
        self.at += read;
        Ok(length)
    }

    fn take(&mut self, length: usize, at: usize) -> Result<&'b [u8], PackageError> {
        let cut = PackageError::Damaged { at, what: "a section is longer than the file" };
        let end = self.at.checked_add(length).ok_or(cut.clone())?;
        let content = self.bytes.get(self.at..end).ok_or(cut)?;
        self.at = end;
        Ok(content)
    }
}

impl<'b> Iterator for Sections<'b> {
    type Item = Result<Section<'b>, PackageError>;

    fn next(&mut self) -> Option<Self::Item> {
        let section = self.next_section().transpose();
        if matches!(section, Some(Err(_))) {
            // Nothing after a broken frame can be trusted: the walk ends here.
            self.at = self.bytes.len();
        }
        section
    }
}

fn custom(content: &[u8], at: usize) -> Result<(&str, &[u8]), PackageError> {
    let damaged = |what| PackageError::Damaged { at, what };
    let (length, read) = leb128(content).ok_or(damaged("a section's name has no length"))?;
    let rest = content.get(read..).unwrap_or_default();
    let (name, data) = rest.split_at_checked(length).ok_or(damaged("a section's name is longer than the section"))?;
    Ok((std::str::from_utf8(name).map_err(|_| damaged("a section's name is not UTF-8"))?, data))
}

/// An unsigned LEB128 number of 32 bits, and how many bytes it took.
fn leb128(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut number = 0_u64;
    for (at, byte) in bytes.iter().take(5).enumerate() {
        number |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((usize::try_from(u32::try_from(number).ok()?).ok()?, at + 1));
        }
    }
    None
}

/// Appends a custom section.
pub(super) fn append(to: &mut Vec<u8>, name: &str, data: &[u8]) {
    let mut frame = Vec::with_capacity(name.len() + 5);
    write_leb128(&mut frame, name.len());
    frame.extend_from_slice(name.as_bytes());
    to.push(CUSTOM);
    write_leb128(to, frame.len() + data.len());
    to.extend_from_slice(&frame);
    to.extend_from_slice(data);
}

fn write_leb128(to: &mut Vec<u8>, mut number: usize) {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            to.push(low);
            return;
        }
        to.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_it_was_written() {
        for number in [0, 1, 127, 128, 300, 1 << 20, u32::MAX as usize] {
            let mut bytes = Vec::new();
            write_leb128(&mut bytes, number);
            assert_eq!(leb128(&bytes), Some((number, bytes.len())));
        }
    }

    #[test]
    fn a_number_that_does_not_end_or_fit_is_none() {
        assert_eq!(leb128(&[0x80, 0x80]), None);
        assert_eq!(leb128(&[0xff, 0xff, 0xff, 0xff, 0x7f]), None);
    }
}
