//! What can go wrong, in words for whoever opened the page, and as a code for pages that embed us.

use js_sys::Error;
use wasm_bindgen::{JsCast, JsValue};

/// Why a machine does not run (any more).
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// The kernel said why on standard error and exited.
    Exited(u32),
    /// To be told. The codes are listed in docs/web.md.
    Told {
        /// For programs.
        code: &'static str,
        /// For people.
        message: String,
    },
}

impl Failure {
    pub(crate) fn told(code: &'static str, message: impl Into<String>) -> Failure {
        Failure::Told { code, message: message.into() }
    }
    pub(crate) fn version() -> Failure {
        Failure::told("version", "The parts of this site are of different versions of brainworm: build it again.")
    }
    pub(crate) fn memory(wanted: f64) -> Failure {
        let mib = (wanted / 1048576.0).ceil();
        Failure::told(
            "memory",
            format!("Out of memory: the browser does not give this page {mib} MiB for the container."),
        )
    }
}

/// What a JavaScript error says.
pub(crate) fn words(error: &JsValue) -> String {
    match error.dyn_ref::<Error>() {
        Some(error) => String::from(error.message()),
        None => error.as_string().unwrap_or_else(|| format!("{error:?}")),
    }
}
