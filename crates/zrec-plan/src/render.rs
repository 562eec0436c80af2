//! Rendering: what people and machines read.

pub mod catalog;
mod field;
mod json;
mod markdown;
pub(crate) mod printable;
mod text;

pub use json::{json, json_text, saved_json};
pub use markdown::{BUDGET, markdown, saved_markdown};
pub use printable::{printable, printable_sentence};
pub use text::{Style, saved_text, text};
