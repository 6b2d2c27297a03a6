//! What tests ask of a picture.

use super::picture::{HEIGHT, Picture, Rect, WIDTH};

/// Every text lies inside the picture, and on no other text.
pub(super) fn texts_are_apart(picture: &Picture) -> Result<(), String> {
    let frame = Rect { left: 0.0, top: 0.0, right: WIDTH, bottom: HEIGHT };
    let texts: Vec<_> = picture.texts().map(|text| (&text.words, text.bounds())).collect();
    for (index, (text, bounds)) in texts.iter().enumerate() {
        if !frame.contains(bounds) {
            return Err(format!("`{text}` leaves the picture: {bounds:?}"));
        }
        if let Some((other, _)) = texts[..index].iter().find(|(_, o)| o.overlaps(bounds)) {
            return Err(format!("`{text}` lies on `{other}`"));
        }
    }
    Ok(())
}

/// Checks that tags nest, attributes are quoted and nothing is left unescaped.
pub(super) fn well_formed(document: &str) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = document;
    while let Some(start) = rest.find('<') {
        let (text, tag) = rest.split_at(start);
        if text
            .replace("&amp;", "")
            .replace("&lt;", "")
            .replace("&gt;", "")
            .replace("&quot;", "")
            .replace("&apos;", "")
            .contains(['&', '>'])
        {
            return Err(format!("unescaped: {text}"));
        }
        let end = tag.find('>').ok_or("an open tag")?;
        let inside = &tag[1..end];
        rest = &tag[end + 1..];
        if inside.matches('"').count() % 2 != 0 {
            return Err(format!("quotes of <{inside}>"));
        }
        let name = inside.trim_start_matches('/').split([' ', '/']).next().unwrap_or("");
        if inside.starts_with('/') {
            if open.pop() != Some(name) {
                return Err(format!("</{name}> closes another"));
            }
        } else if !inside.ends_with('/') {
            open.push(name);
        }
    }
    if open.is_empty() { Ok(()) } else { Err(format!("still open: {open:?}")) }
}
