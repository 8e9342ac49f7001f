//! The service worker: a page's files are of one version, whatever the host, the disk and the network do.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use page_manifest::{files_json, sums_json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use tower_http::services::ServeDir;

use crate::browser::{Gpu, Page};
use crate::{copy_below, host};

const TUTORIAL: &str = "models/tutorial.safetensors";
/// What a browser says of a host that is gone or breaks off.
const NO_NETWORK: [&str; 2] = ["ERR_", "Failed to fetch"];

/// What is wrong with a file on its way.
#[derive(Clone)]
enum Fault {
    /// The connection breaks in its middle.
    Cut,
    /// The second half waits for a notice.
    Slow(Arc<Notify>),
}

/// A static host of a copy of the page, which can change and fail. Offline once dropped.
struct Host {
    www: PathBuf,
    url: String,
    faults: Arc<Mutex<HashMap<String, Fault>>>,
    /// Whether the visitor's disk is full.
    full: Arc<AtomicBool>,
    _folder: TempDir,
    _runtime: Runtime,
}

impl Host {
    /// Hosts version 1.
    fn new() -> Self {
        let (folder, root) = copy_below("");
        let faults = Arc::<Mutex<HashMap<String, Fault>>>::default();
        let full = Arc::<AtomicBool>::default();
        let (faulty, disk) = (Arc::clone(&faults), Arc::clone(&full));
        let answer = move |request: Request, next: Next| {
            let path = request.uri().path().to_owned();
            let fault = faulty.lock().unwrap().get(&path).cloned();
            let full = disk.load(Ordering::Relaxed);
            async move {
                match fault {
                    _ if path == "/disk-is-full" => full.to_string().into_response(),
                    Some(fault) => fault.befall(next.run(request).await).await,
                    None => next.run(request).await,
                }
            }
        };
        let files = ServeDir::new(&root);
        let (runtime, address) =
            host(Router::new().fallback_service(files).layer(middleware::from_fn(answer)));
        let host = Self {
            www: root.join("www"),
            url: format!("{address}/www/"),
            faults,
            full,
            _folder: folder,
            _runtime: runtime,
        };
        let worker = host.read("sw.js");
        let disk = "{ const { put } = Cache.prototype; Cache.prototype.put = async function (...entry) { \
                    const full = await fetch('/disk-is-full').then((r) => r.text()).catch(() => ''); \
                    if (full === 'true') throw new DOMException('full', 'QuotaExceededError'); \
                    return put.apply(this, entry); }; }\n";
        host.write("sw.js", &format!("{disk}{worker}"));
        host.publish(1);
        host
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.www.join(path)).unwrap()
    }

    fn write(&self, path: &str, contents: &str) {
        fs::write(self.www.join(path), contents).unwrap();
    }

    /// Lets two of the page's modules tell their version.
    fn publish(&self, version: u64) {
        self.publish_in_part("words.js", version);
        self.publish_in_part("samples.js", version);
        self.list();
    }

    /// Renews one of the two modules, but not the list of files.
    fn publish_in_part(&self, module: &str, version: u64) {
        let old = self.read(module);
        let code = old.split("\nglobalThis.versionOf").next().unwrap();
        let name = module.trim_end_matches(".js");
        self.write(module, &format!("{code}\nglobalThis.versionOf_{name} = {version};\n"));
        // HTTP's dates have whole seconds.
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + version);
        fs::File::options()
            .write(true)
            .open(self.www.join(module))
            .unwrap()
            .set_modified(time)
            .unwrap();
    }

    fn list(&self) {
        let root = self.www.parent().unwrap();
        self.write("models/sums.json", &sums_json(root).unwrap());
        self.write("files.json", &files_json(root).unwrap());
    }

    fn set_fault(&self, path: &str, fault: Fault) {
        self.faults.lock().unwrap().insert(format!("/www/{path}"), fault);
    }

    fn mend(&self) {
        self.faults.lock().unwrap().clear();
    }
}

impl Fault {
    async fn befall(self, response: Response) -> Response {
        let (mut head, body) = response.into_parts();
        let whole = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        if whole.is_empty() {
            return (head, Body::empty()).into_response(); // not modified
        }
        head.headers.remove("content-length");
        let (first, second) = (whole.slice(..whole.len() / 2), whole.slice(whole.len() / 2..));
        let second = async move {
            match self {
                Self::Cut => Err("the cable is cut"),
                Self::Slow(notice) => {
                    notice.notified().await;
                    Ok::<Bytes, _>(second)
                }
            }
        };
        let parts = stream::iter([Ok(first)]).chain(stream::once(second));
        (head, Body::from_stream(parts)).into_response()
    }
}

/// The version of the page that is open, which must be one for all its files.
#[track_caller]
fn version(page: &Page) -> u64 {
    let versions = page.js("[globalThis.versionOf_words, globalThis.versionOf_samples]");
    assert_eq!(versions[0], versions[1], "files of two versions met");
    versions[0].as_u64().unwrap()
}

/// Opens the page until it is of this version, which the third time it must be at the latest: the first time a
/// new version is found, the second time it may still be on its way.
#[track_caller]
fn open_until(page: &Page, url: &str, wanted: u64) {
    for _ in 0..3 {
        page.open(url, &["ready"]);
        if version(page) == wanted {
            return;
        }
        // What is on its way comes.
        page.until("navigator.locks.query().then(({ held }) => held.length === 0)");
    }
    panic!("version {} is shown instead of {wanted}", version(page));
}

/// Opens the page and waits until it is kept.
fn visit(page: &Page, host: &Host) {
    page.open(&host.url, &["ready"]);
    page.until(
        "document.querySelector('#offline').textContent.endsWith('without a network from now on.')",
    );
}

/// The length of a file as the page gets it, or -1 when it cannot be had.
fn length(page: &Page, path: &str) -> i64 {
    let script =
        format!("fetch('{path}').then((r) => r.arrayBuffer()).then((b) => b.byteLength, () => -1)");
    page.js(&script).as_i64().unwrap()
}

#[test]
fn an_update_that_adds_a_file_works_without_a_network() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::new();
    visit(&page, &host);
    host.write("added.js", "globalThis.added = true;\n");
    host.write("main.js", &format!("import './added.js';\n{}", host.read("main.js")));
    host.publish(2);
    open_until(&page, &host.url, 2);
    let url = host.url.clone();
    drop(host);
    page.open(&url, &["ready"]);
    assert_eq!(version(&page), 2);
    assert_eq!(page.js("globalThis.added"), true);
    page.finish(&NO_NETWORK);
}

#[test]
fn an_update_that_breaks_off_leaves_the_version_before() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::new();
    visit(&page, &host);
    host.publish(2);
    host.set_fault("samples.js", Fault::Cut);
    for _ in 0..2 {
        page.open(&host.url, &["ready"]);
        assert_eq!(version(&page), 1);
    }
    host.mend();
    open_until(&page, &host.url, 2);

    // A host in the middle of being changed: the list is new, a file is not yet, and then it is.
    host.publish(3);
    host.publish_in_part("samples.js", 2);
    page.open(&host.url, &["ready"]);
    assert_eq!(version(&page), 2);
    host.publish_in_part("samples.js", 3);
    open_until(&page, &host.url, 3);

    // The last visit before the network goes away finds a version that does not come whole.
    host.publish(4);
    host.set_fault("samples.js", Fault::Cut);
    page.open(&host.url, &["ready"]);
    let url = host.url.clone();
    drop(host);
    page.open(&url, &["ready"]);
    assert_eq!(version(&page), 3);
    page.finish(&NO_NETWORK);
}

#[test]
fn a_full_disk_breaks_no_page_and_keeps_no_old_one() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::new();
    visit(&page, &host);
    host.full.store(true, Ordering::Relaxed);
    // A file that is not kept yet comes all the same.
    let whole = fs::metadata(host.www.join(TUTORIAL)).unwrap().len();
    assert_eq!(length(&page, TUTORIAL), whole as i64);
    // A version that cannot be kept is shown all the same, and the one before stays for when there is no network.
    host.publish(2);
    open_until(&page, &host.url, 2);
    // Once there is room, it is kept.
    host.full.store(false, Ordering::Relaxed);
    open_until(&page, &host.url, 2);
    page.until("navigator.locks.query().then(({ held }) => held.length === 0)");
    let url = host.url.clone();
    drop(host);
    page.open(&url, &["ready"]);
    assert_eq!(version(&page), 2);
    page.finish(&NO_NETWORK);
}

#[test]
fn a_file_is_there_while_it_comes() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::new();
    visit(&page, &host);
    let rest = Arc::new(Notify::new());
    host.set_fault(TUTORIAL, Fault::Slow(Arc::clone(&rest)));
    // Its first bytes are there before the last are sent.
    page.js(&format!(
        "void fetch('{TUTORIAL}').then((r) => {{ globalThis.reader = r.body.getReader(); }})"
    ));
    page.until("globalThis.reader");
    let first = page.js("reader.read().then(({ value }) => value.length)").as_u64().unwrap();
    rest.notify_one();
    let script = "(async () => { for (let n = 0; ; ) { const { value, done } = await reader.read(); \
                  if (done) return n; n += value.length; } })()";
    let others = page.js(script).as_u64().unwrap();
    let whole = fs::metadata(host.www.join(TUTORIAL)).unwrap().len();
    assert_eq!(first + others, whole);
    // And from then on it is kept.
    page.until(&format!("caches.match('{TUTORIAL}').then(Boolean)"));
    drop(host);
    assert_eq!(length(&page, TUTORIAL), whole as i64);
    page.finish(&NO_NETWORK);
}

#[test]
fn the_gpu_s_module_is_kept_only_where_it_was_loaded() {
    const GPU: &str = "../pkg/second_look_gpu_bg.wasm";
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::new();
    visit(&page, &host);
    assert_eq!(page.js(&format!("caches.match('{GPU}').then(Boolean)")), false);
    let whole = fs::metadata(host.www.join(GPU)).unwrap().len() as i64;
    assert_eq!(length(&page, GPU), whole);
    page.until(&format!("caches.match('{GPU}').then(Boolean)"));
    drop(host);
    assert_eq!(length(&page, GPU), whole);
    page.finish(&NO_NETWORK);
}

/// The files that no first screen needs, and how many of them are kept.
fn later(page: &Page) -> (usize, usize) {
    let script = "fetch('files.json').then((r) => r.json()).then(({ on_demand }) => Promise.all(\
                  Object.keys(on_demand).filter((path) => path.startsWith('later/'))\
                  .map((path) => caches.match(path).then(Boolean))))";
    let kept: Vec<bool> = serde_json::from_value(page.js(script)).unwrap();
    (kept.len(), kept.iter().filter(|kept| **kept).count())
}

#[test]
fn what_no_first_screen_needs_is_kept_unseen_and_comes_along_with_a_new_version() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::new();
    visit(&page, &host);
    let (all, kept) = later(&page);
    assert!(all > 20);
    assert_eq!(kept, all);
    // What is large is not.
    for large in [TUTORIAL, "../pkg/second_look_gpu_bg.wasm"] {
        assert_eq!(page.js(&format!("caches.match('{large}').then(Boolean)")), false);
    }
    host.write("later/added.js", "// of the second version\n");
    host.write("later/toy.js", "// likewise\n");
    host.publish(2);
    open_until(&page, &host.url, 2);
    drop(host);
    assert_eq!([length(&page, "later/added.js"), length(&page, "later/toy.js")], [25, 12]);
    page.finish(&NO_NETWORK);
}

#[test]
fn what_no_first_screen_needs_is_kept_only_when_it_is_looked_for_where_data_is_saved() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::new();
    let saves = "Object.defineProperty(navigator, 'connection', { value: { saveData: true } });\n";
    host.write("main.js", &format!("{saves}{}", host.read("main.js")));
    host.list();
    page.open(&host.url, &["ready"]);
    page.until("document.querySelector('#offline').textContent.endsWith('looked at.')");
    page.js("new Promise((resolve) => requestIdleCallback(() => setTimeout(resolve, 500)))");
    page.until("navigator.locks.query().then(({ held }) => held.length === 0)");
    assert_eq!(later(&page).1, 0);
    assert!(length(&page, "later/toy.js") > 0);
    page.until("caches.match('later/toy.js').then(Boolean)");
    page.finish(&NO_NETWORK);
}

/// Which of VGG16's files are kept.
#[track_caller]
fn kept_of_vgg16(page: &Page) -> serde_json::Value {
    let names = "['', '-autoencoder', '-corrector', '-tutorial']";
    page.js(&format!(
        "Promise.all({names}.map((name) => caches.match(`models/vgg16${{name}}.safetensors`).then(Boolean)))"
    ))
}

/// A host whose VGG16 is a small network, since it is not the subject.
fn host_with_small_vgg16() -> Host {
    let host = Host::new();
    for (vgg16, small) in [
        ("vgg16", "classifier"),
        ("vgg16-autoencoder", "autoencoder"),
        ("vgg16-corrector", "corrector"),
        ("vgg16-tutorial", "autoencoder"),
    ] {
        let path = |name: &str| host.www.join(format!("models/{name}.safetensors"));
        fs::copy(path(small), path(vgg16)).unwrap();
    }
    host.list();
    host
}

const SAYS: &str = "document.querySelector('#keep-says').textContent";

#[test]
fn a_large_classifier_is_kept_only_when_that_is_asked_for() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = host_with_small_vgg16();
    let (none, all) = (serde_json::json!(vec![false; 4]), serde_json::json!(vec![true; 4]));
    let offered = "!document.querySelector('#keep-field').hidden";
    let ticked = || page.js("document.querySelector('#keep').checked");
    visit(&page, &host);
    assert_eq!(page.js(offered), false);
    page.choose("#classifier", "vgg16");
    page.until("location.search.includes('classifier=vgg16')");
    page.until_state(&["ready"]);
    page.until(offered);
    // To be used is not enough.
    assert_eq!((kept_of_vgg16(&page), ticked()), (none.clone(), false.into()));

    page.click("#keep");
    page.until(&format!("{SAYS} === 'Saved.'"));
    assert_eq!(kept_of_vgg16(&page), all);
    // A new version has it as well, with what is new in it.
    host.write("models/vgg16-tutorial.safetensors", "weights of the second version");
    host.publish(2);
    open_until(&page, &host.url, 2);
    assert_eq!(kept_of_vgg16(&page), all);
    let url = format!("{}?classifier=vgg16", host.url);
    drop(host);
    assert_eq!(length(&page, "models/vgg16-tutorial.safetensors"), 29);
    page.open(&url, &["ready"]);
    page.until(offered);
    assert_eq!(ticked(), true);

    // No longer wanted: it goes at once, and then there is a sentence about it without a network.
    page.click("#keep");
    page.until(&format!("{SAYS} === '' && !document.querySelector('#keep').checked"));
    assert_eq!(kept_of_vgg16(&page), none);
    page.open(&url, &["error"]);
    let said = page.text("#notice-text");
    assert_eq!(
        said,
        "VGG16 is not kept on this machine and could not be loaded; connect to the network and try again."
    );
    page.choose("#classifier", "compact");
    page.until_state(&["ready"]);
    page.choose("#classifier", "vgg16");
    page.until("document.querySelector('#notice-text').textContent.includes('compact stays')");
    page.until_state(&["ready"]);
    page.finish(&NO_NETWORK);
}

#[test]
fn a_large_classifier_that_cannot_be_kept_is_told_and_leaves_nothing_behind() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = host_with_small_vgg16();
    visit(&page, &host);
    page.choose("#classifier", "vgg16");
    page.until("!document.querySelector('#keep-field').hidden");
    let told = |what: &str| {
        page.click("#keep");
        page.until(&format!(
            "document.querySelector('#notice-text').textContent.includes('{what}')"
        ));
        assert_eq!(page.js("document.querySelector('#keep').checked"), false);
        assert_eq!(kept_of_vgg16(&page), serde_json::json!(vec![false; 4]));
        page.click("#notice-close");
    };
    host.full.store(true, Ordering::Relaxed);
    told("no room");
    host.full.store(false, Ordering::Relaxed);
    // The connection breaks at the third of its four files.
    host.set_fault("models/vgg16-tutorial.safetensors", Fault::Cut);
    told("the connection broke");
    host.mend();
    page.click("#keep");
    page.until(&format!("{SAYS} === 'Saved.'"));
    page.finish(&NO_NETWORK);
}

#[test]
fn a_file_that_comes_later_is_of_the_page_s_version() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::new();
    visit(&page, &host);
    // The host has another version by now.
    host.write(TUTORIAL, "other weights");
    host.publish(2);
    assert_eq!(length(&page, TUTORIAL), -1);
    open_until(&page, &host.url, 2);
    assert_eq!(length(&page, TUTORIAL), 13);
    page.until(&format!("caches.match('{TUTORIAL}').then(Boolean)"));
    // What was asked for once is kept in the next version, too.
    host.write(TUTORIAL, "weights of the third version");
    host.publish(3);
    open_until(&page, &host.url, 3);
    drop(host);
    assert_eq!(length(&page, TUTORIAL), 28);
    page.finish(&NO_NETWORK);
}

#[test]
fn two_pages_of_two_versions_do_not_mix() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::new();
    host.write("tell.js", "postMessage(await fetch('words.js').then((r) => r.text()));\n");
    host.write("other.html", "<!doctype html><title>another page of this site</title>\n");
    host.list();
    visit(&page, &host);
    host.publish(2);
    // The version of the module, as the page or a frame gets it and as a worker of either gets it.
    let seen = |frame: &str| {
        let script = format!(
            "(async (w) => [await w.fetch('words.js').then((r) => r.text()), await new Promise((resolve) => \
             {{ new w.Worker('tell.js', {{ type: 'module' }}).onmessage = (e) => resolve(e.data); }})] \
             .map((text) => Number(/versionOf_words = (\\d+)/.exec(text)[1])))({frame})"
        );
        page.js(&script)
    };
    let open_frame = "new Promise((resolve) => { document.querySelector('iframe')?.remove(); \
                      const frame = document.createElement('iframe'); frame.src = 'other.html'; \
                      frame.onload = () => resolve(true); document.body.append(frame); })";
    let both = |version: u64| serde_json::json!([version, version]);
    let open_frame_until = |version| {
        for _ in 0..20 {
            page.js(open_frame);
            if seen("frames[0]") == both(version) {
                return;
            }
        }
        panic!("version {:?} is shown instead of {version}", seen("frames[0]"));
    };
    open_frame_until(2);
    assert_eq!(seen("window"), both(1));
    // Nor when a third version comes, though the first is two behind.
    host.publish(3);
    open_frame_until(3);
    assert_eq!(seen("window"), both(1));
    open_until(&page, &host.url, 3);
    page.finish(&[]);
}
