//! A plugin's folder as a package, built once per test process however many tests ask for it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use conman_plugin_build::{Build, Output, Toolchain};
use conman_runtime::package::{Parts, pack};
use parking_lot::Mutex;

/// A built package.
pub(crate) struct Packed {
    pub(crate) bytes: Vec<u8>,
    /// Where compiled code may be kept from one run of the tests to the next: in the folder the plugin is built in.
    pub(crate) cache: PathBuf,
}

type Slot = Arc<Mutex<Option<Arc<Packed>>>>;

/// By canonical folder. Each has its own lock: two tests wait for one build, but not for another plugin's.
static BUILT: LazyLock<Mutex<HashMap<PathBuf, Slot>>> = LazyLock::new(Mutex::default);

/// Builds and packs the plugin in `folder`, or says why not.
pub(crate) fn packed(folder: &Path) -> Result<Arc<Packed>, String> {
    let folder = folder.canonicalize().map_err(|error| format!("{}: {error}", folder.display()))?;
    let slot = Arc::clone(BUILT.lock().entry(folder.clone()).or_default());
    let mut slot = slot.lock();
    if let Some(packed) = &*slot {
        return Ok(Arc::clone(packed));
    }
    let toolchain = Toolchain::find().map_err(|error| error.to_string())?;
    let built = Build::of(&folder).output(Output::Kept).run(&toolchain).map_err(|error| error.to_string())?;
    let component =
        std::fs::read(&built.component).map_err(|error| format!("{}: {error}", built.component.display()))?;
    let parts = Parts::of_folder(&folder).map_err(|error| error.to_string())?;
    let (bytes, _) = pack(&component, &parts).map_err(|error| format!("{}: {error}", folder.display()))?;
    // …/<target folder>/wasm32-wasip2/plugin/name.wasm
    let cache = built.component.ancestors().nth(3).unwrap_or(&folder).join("conman-testkit");
    let packed = Arc::new(Packed { bytes, cache });
    *slot = Some(Arc::clone(&packed));
    Ok(packed)
}
