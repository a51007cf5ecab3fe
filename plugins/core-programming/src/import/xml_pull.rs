//! Pulling XML apart, safely: nothing a file says makes memory or depth grow beyond the file's own size.
//!
//! Document type declarations are refused, and with them every entity bomb and every reach for other files. Only the five
//! predefined entities and character references are resolved. Nothing nests deeper than [`DEEPEST`].

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, escape};

use super::{Refusal, shortened};

/// How deep elements may nest; the deepest known format needs 6.
pub const DEEPEST: usize = 32;

/// A step through the document.
#[derive(Debug)]
pub enum Step {
    /// An element begins.
    Open(Element),
    /// The element that began last and has not ended yet ends.
    Close,
    /// The document ends.
    End,
}

/// The beginning of an element.
#[derive(Debug)]
pub struct Element {
    /// Where its `<` is.
    pub offset: usize,
    /// Its name.
    pub name: String,
    attributes: Vec<(String, String)>,
}

impl Element {
    /// An attribute's value.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// A pull reader.
pub struct Pull<'t> {
    text: &'t str,
    reader: Reader<&'t [u8]>,
    open: Vec<(String, usize)>,
    close_next: bool,
    begun: bool,
}

impl<'t> Pull<'t> {
    /// Over this text.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_comments = false;
        Self { text, reader, open: Vec::new(), close_next: false, begun: false }
    }

    fn position(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    fn refusal(&self, error: &quick_xml::Error) -> Refusal {
        let at = usize::try_from(self.reader.error_position()).unwrap_or(usize::MAX);
        // The reader only finds markup without an end where the file ends.
        if matches!(error, quick_xml::Error::Syntax(_)) && self.position() >= self.text.len() {
            return self.cut_off();
        }
        Refusal::at(self.text, at, format!("the XML is broken here: {error}"))
    }

    fn cut_off(&self) -> Refusal {
        match self.open.last() {
            Some((name, _)) => Refusal::at(
                self.text,
                self.text.len(),
                format!("the file ends inside <{}>; it was cut off", shortened(name)),
            ),
            None => Refusal::at(self.text, self.text.len(), "the file ends in the middle; it was cut off"),
        }
    }

    /// The next begin or end of an element; text between is passed over.
    ///
    /// # Errors
    /// When the XML is broken, declares a document type, nests too deep or is cut off.
    pub fn step(&mut self) -> Result<Step, Refusal> {
        self.advance(&mut None)
    }

    /// The text of the element that began last, up to and including its end. Elements inside count with their text.
    ///
    /// # Errors
    /// As [`Self::step`].
    pub fn text(&mut self) -> Result<String, Refusal> {
        let depth = self.open.len();
        let mut text = Some(String::new());
        while self.open.len() >= depth {
            self.advance(&mut text)?;
        }
        Ok(text.unwrap_or_default())
    }

    /// Passes over the element that began last, up to and including its end.
    ///
    /// # Errors
    /// As [`Self::step`].
    pub fn skip(&mut self) -> Result<(), Refusal> {
        let depth = self.open.len();
        while self.open.len() >= depth {
            self.advance(&mut None)?;
        }
        Ok(())
    }

    fn advance(&mut self, into: &mut Option<String>) -> Result<Step, Refusal> {
        if self.close_next {
            self.close_next = false;
            self.open.pop();
            return Ok(Step::Close);
        }
        loop {
            let start = self.position();
            let event = match self.reader.read_event() {
                Ok(event) => event,
                Err(error) => return Err(self.refusal(&error)),
            };
            match event {
                Event::Start(element) => return self.begin(&element, start, false),
                Event::Empty(element) => return self.begin(&element, start, true),
                Event::End(_) => {
                    self.open.pop();
                    return Ok(Step::Close);
                }
                Event::Text(text) => {
                    let text = text.xml10_content();
                    if self.open.is_empty() && !text.trim().is_empty() {
                        return Err(Refusal::at(self.text, start, self.outside()));
                    }
                    if let Some(into) = into {
                        into.push_str(&text);
                    }
                }
                Event::CData(text) => {
                    if let Some(into) = into {
                        into.push_str(&text.xml10_content());
                    }
                }
                Event::GeneralRef(reference) => {
                    let named = escape::resolve_predefined_entity(&reference);
                    let c = match reference.resolve_char_ref() {
                        Ok(c) => c,
                        Err(error) => {
                            return Err(Refusal::at(self.text, start, format!("the XML is broken here: {error}")));
                        }
                    };
                    match (named, c) {
                        (Some(named), _) => into.iter_mut().for_each(|into| into.push_str(named)),
                        (None, Some(c)) => into.iter_mut().for_each(|into| into.push(c)),
                        (None, None) => {
                            let message = format!(
                                "the entity &{}; is not defined; only &amp; &lt; &gt; &quot; &apos; and numbers are",
                                shortened(&reference)
                            );
                            return Err(Refusal::at(self.text, start, message));
                        }
                    }
                }
                Event::DocType(_) => {
                    return Err(Refusal::at(
                        self.text,
                        start,
                        "the file declares a document type (<!DOCTYPE …>), which is not accepted; remove the declaration",
                    ));
                }
                Event::Decl(declaration) => {
                    if let Some(encoding) = declaration.encoding()
                        && let Ok(encoding) = encoding
                        && !["utf-8", "utf8", "us-ascii", "ascii"].contains(&encoding.to_ascii_lowercase().as_str())
                    {
                        let message = format!(
                            "the file says it is {}; save it as UTF-8 and import it again",
                            shortened(&encoding)
                        );
                        return Err(Refusal::at(self.text, start, message));
                    }
                }
                Event::Comment(_) | Event::PI(_) => {}
                Event::Eof => {
                    return match (self.open.is_empty(), self.begun) {
                        (true, true) => Ok(Step::End),
                        (true, false) => Err(Refusal::whole(self.outside())),
                        (false, _) => Err(self.cut_off()),
                    };
                }
            }
        }
    }

    fn outside(&self) -> &'static str {
        if self.begun {
            "there is text after the end of the document"
        } else {
            "this is not XML: it does not begin with an element"
        }
    }

    fn begin(&mut self, element: &BytesStart<'_>, offset: usize, empty: bool) -> Result<Step, Refusal> {
        if self.open.is_empty() && self.begun {
            return Err(Refusal::at(self.text, offset, "a second document begins here; a file holds one"));
        }
        if self.open.len() >= DEEPEST {
            return Err(Refusal::at(
                self.text,
                offset,
                format!("elements nest deeper than {DEEPEST}; no schedule does"),
            ));
        }
        let mut attributes = Vec::new();
        for attribute in element.attributes() {
            let attribute = attribute
                .map_err(|error| Refusal::at(self.text, offset, format!("an attribute is broken: {error}")))?;
            let value = attribute
                .normalized_value(quick_xml::XmlVersion::Implicit1_0)
                .map_err(|error| Refusal::at(self.text, offset, format!("an attribute is broken: {error}")))?;
            attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
        }
        let name = element.name().as_ref().to_owned();
        self.begun = true;
        self.close_next = empty;
        self.open.push((name.clone(), offset));
        Ok(Step::Open(Element { offset, name, attributes }))
    }
}
