//! The page's behaviour, apart from its computing: `fake.js` answers in place of the networks, and files come late,
//! broken or not at all. What the page says and offers then is the subject; that it computes rightly is main.rs's.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use headless_chrome::protocol::cdp::{Emulation, Input};
use tempfile::TempDir;
use tower_http::services::ServeDir;

use crate::browser::{Gpu, Page};
use crate::{ROOT, file, host};

/// How a file is answered, when it is not served as it lies there.
#[derive(Clone)]
enum Answer {
    /// 404.
    Missing,
    Script(String),
    /// Not before the gate opens.
    Held(Arc<Gate>),
    /// So many bytes, and the end when the gate opens.
    Begun(usize, Arc<Gate>),
}

#[derive(Default)]
struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }

    fn wait(&self) {
        drop(self.opened.wait_while(self.open.lock().unwrap(), |open| !*open).unwrap());
    }
}

/// The last bytes of a file that comes in two parts.
const END: &[u8] = b"end";

type Answers = Arc<Mutex<HashMap<&'static str, Answer>>>;

/// The page's host, with networks that are none.
pub struct Host {
    _runtime: tokio::runtime::Runtime,
    pub url: String,
    answers: Answers,
    /// SHA-256 of the files of weights, by name.
    sums: Mutex<HashMap<String, String>>,
    files: TempDir,
}

impl Host {
    pub fn start() -> Self {
        let fake = fs::read_to_string(file("tests/page/fake.js")).unwrap();
        let answers = Answers::default();
        // Of the classifier that is chosen the page knows no more than its files' names.
        let vgg16 = || Answer::Script("vgg16".to_owned());
        answers.lock().unwrap().extend([
            ("/www/models/vgg16.safetensors", vgg16()),
            ("/www/models/vgg16-autoencoder.safetensors", vgg16()),
            ("/www/models/vgg16-corrector.safetensors", vgg16()),
            ("/www/models/vgg16-tutorial.safetensors", vgg16()),
            ("/pkg/second_look.js", Answer::Script(fake.clone())),
            ("/pkg/second_look_bg.wasm", Answer::Script(String::new())),
            ("/pkg/second_look_gpu.js", Answer::Script(fake)),
            ("/pkg/second_look_gpu_bg.wasm", Answer::Script(String::new())),
            // Without a service worker every file is asked for at the host.
            ("/www/sw.js", Answer::Missing),
        ]);
        let routes = Router::new()
            .fallback_service(ServeDir::new(ROOT))
            .layer(from_fn_with_state(Arc::clone(&answers), answer));
        let (runtime, url) = host(routes);
        let url = format!("{url}/www/");
        let sums = serde_json::from_str(&page_manifest::sums_json(&file("")).unwrap()).unwrap();
        let (sums, files) = (Mutex::new(sums), tempfile::tempdir().unwrap());
        let host = Self { _runtime: runtime, url, answers, sums, files };
        for name in ["vgg16", "vgg16-autoencoder", "vgg16-corrector", "vgg16-tutorial"] {
            host.list_sum(&format!("{name}.safetensors"), b"vgg16");
        }
        host
    }

    /// Lets the page take these bytes for a file of weights.
    fn list_sum(&self, name: &str, bytes: &[u8]) {
        let mut sums = self.sums.lock().unwrap();
        sums.insert(name.to_owned(), page_manifest::sha256(bytes));
        let list = Answer::Script(serde_json::to_string(&*sums).unwrap());
        self.answers.lock().unwrap().insert("/www/models/sums.json", list);
    }

    pub fn miss(&self, path: &'static str) {
        self.answers.lock().unwrap().insert(path, Answer::Missing);
    }

    fn hold(&self, path: &'static str) -> Arc<Gate> {
        let gate = Arc::new(Gate::default());
        self.answers.lock().unwrap().insert(path, Answer::Held(Arc::clone(&gate)));
        gate
    }

    /// Sends this many bytes of a file of weights, and its end when the gate opens.
    fn begin(&self, path: &'static str, bytes: usize) -> Arc<Gate> {
        let gate = Arc::new(Gate::default());
        let whole = [&vec![b'v'; bytes][..], END].concat();
        self.list_sum(path.trim_start_matches("/www/models/"), &whole);
        self.answers.lock().unwrap().insert(path, Answer::Begun(bytes, Arc::clone(&gate)));
        gate
    }

    pub fn script(&self, path: &'static str, text: &str) {
        self.answers.lock().unwrap().insert(path, Answer::Script(text.to_owned()));
    }

    /// Gives the browser a hardware adapter, as far as the worker can tell, and each backend the time that a step of an
    /// attack takes there: milliseconds, or `'trap'` or `'late'`.
    fn pretend_gpu(&self, webgpu: &str, cpu: &str) {
        const WORKER: &str = "/www/worker/worker.js";
        let worker = fs::read_to_string(file("www/worker/worker.js")).unwrap();
        let adapter = "{ info: { vendor: 'acme', architecture: 'one', isFallbackAdapter: false } }";
        let pretence = format!(
            "Object.defineProperty(navigator, 'gpu', {{ value: {{ requestAdapter: async () => ({adapter}) }} }});\n\
             globalThis.FAKE = {{ webgpu: {webgpu}, cpu: {cpu} }};\n"
        );
        self.answers.lock().unwrap().insert(WORKER, Answer::Script(pretence + &worker));
    }

    pub fn serve(&self, path: &'static str) {
        self.answers.lock().unwrap().remove(path);
    }

    /// A file of the visitor's own, with this text.
    pub fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.files.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

async fn answer(State(answers): State<Answers>, request: Request, next: Next) -> Response {
    let found = answers.lock().unwrap().get(request.uri().path()).cloned();
    match found {
        Some(Answer::Missing) => return StatusCode::NOT_FOUND.into_response(),
        Some(Answer::Script(text)) => {
            return ([(header::CONTENT_TYPE, "text/javascript")], text).into_response();
        }
        Some(Answer::Begun(bytes, gate)) => {
            let end = async move {
                tokio::task::spawn_blocking(move || gate.wait()).await.unwrap();
                Ok::<_, std::convert::Infallible>(Bytes::from_static(END))
            };
            let first = stream::iter([Ok(Bytes::from(vec![b'v'; bytes]))]);
            return Body::from_stream(first.chain(stream::once(end))).into_response();
        }
        Some(Answer::Held(gate)) => tokio::task::spawn_blocking(move || gate.wait()).await.unwrap(),
        None => {}
    }
    let mut response = next.run(request).await;
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

const SHOWN: &str = "document.querySelector('#original').getAttribute('aria-label')";
const CHOSEN: &str = "document.querySelector('#samples :checked')?.value ?? ''";
const NAMED: &str = "new URLSearchParams(location.search).get('sample') ?? ''";
const NOTICE: &str = "document.querySelector('#notice')";
const KIND: &str = "document.querySelector('#verdict').dataset.kind";

pub fn choose_sample(page: &Page, id: &str) {
    page.js(&format!("document.querySelector('#samples [value={id}]').click()"));
}

/// Attacks, and waits until that is over: whatever came before has long been answered then.
pub fn attack(page: &Page) {
    page.click("#go");
    page.until_state(&["done"]);
}

#[track_caller]
fn assert_shows_sample(page: &Page, id: &str) {
    let (class, _) = id.split_once('-').unwrap();
    assert_eq!(page.js(SHOWN), format!("The original: drawn {class}"));
    assert_eq!(page.js(CHOSEN), id);
    page.until(&format!("({NAMED}) === '{id}'")); // the address follows a little later
}

#[test]
fn the_sample_chosen_last_is_shown_and_a_missing_one_changes_nothing() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    page.open(&format!("{}?max_iter=2", host.url), &["ready"]);

    let dog = host.hold("/www/samples/dog-27.png");
    choose_sample(&page, "dog-27");
    choose_sample(&page, "ship-11");
    page.until(&format!("{SHOWN}.includes('ship')"));
    page.until_state(&["ready"]);
    dog.open();
    attack(&page);
    assert_shows_sample(&page, "ship-11");

    host.miss("/www/samples/cat-52.png");
    choose_sample(&page, "cat-52");
    page.until(&format!("{NOTICE}.textContent.includes('cat-52 could not be opened')"));
    assert_eq!(page.state(), "done"); // and the attack is still there
    assert_shows_sample(&page, "ship-11");

    // In a pause, too, which can still be ended.
    page.click("#once");
    page.until_state(&["paused"]);
    choose_sample(&page, "cat-52");
    page.until(&format!("{NOTICE}.textContent.includes('cat-52 could not be opened')"));
    assert_eq!(page.state(), "paused");
    assert_shows_sample(&page, "ship-11");
    // Nor does a file that is no picture end it.
    page.upload(&host.file("text.png", "other"));
    page.until(&format!("{NOTICE}.textContent.includes('not a picture')"));
    assert_eq!(page.state(), "paused");
    page.press("Escape");
    page.until_state(&["ready"]);

    // And it can be tried again.
    choose_sample(&page, "cat-52");
    page.until(&format!("!{NOTICE}.hidden"));
    host.serve("/www/samples/cat-52.png");
    page.click("#notice-retry");
    page.until(&format!("{SHOWN}.includes('cat')"));
    page.until_state(&["ready"]);
    assert_shows_sample(&page, "cat-52");
    assert_eq!(page.js(&format!("{NOTICE}.hidden")), true);
    page.finish(&["404"]);
}

#[test]
fn a_picture_of_ones_own_is_judged_with_care() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    // One that comes while the networks are loaded waits for them.
    let networks = host.hold("/www/models/classifier.safetensors");
    page.tab
        .navigate_to(&format!("{}?max_iter=2", host.url))
        .unwrap()
        .wait_until_navigated()
        .unwrap();
    page.until("document.documentElement.dataset.started !== undefined");
    page.upload(&host.file("cat.png", "picture 3"));
    networks.open();
    page.until_state(&["ready"]);
    assert_eq!(page.js(SHOWN), "The original: your picture");
    let said = page.text("#headline");
    assert!(said.starts_with("Of the ten things that it knows, closest to cat"), "{said}");
    assert_eq!(page.js(KIND), "plain");
    assert!(page.text("[data-panel=picker]").contains("People are none of them"));

    attack(&page);
    let said = page.text("#headline");
    assert!(
        said.starts_with("Of the ten things that it knows, closest to cat, after the attack to"),
        "{said}"
    );
    assert_ne!(page.js(KIND), "good");

    // One that was attacked elsewhere: not called a false alarm, and the bars are the ones that answer.
    page.upload(&host.file("attacked.png", "attacked 3"));
    page.until_state(&["ready"]);
    let said = page.text("#detail");
    assert!(said.contains("30 times the threshold") && said.contains("attacked before"), "{said}");
    let top = "document.querySelector('#bars-second .bar-top .bar-name').textContent";
    assert_eq!(page.js(top), "horse"); // the corrector's; the second prediction is deer
    assert!(page.text("#second-title").starts_with("Corrected"));
    page.choose("#threshold", "1000");
    page.until(&format!("{top} === 'deer'"));
    assert!(page.text("#second-title").starts_with("Second"));

    // One that shows none of the ten things gets no class, attacked or not.
    page.upload(&host.file("cup.png", "cup 2"));
    page.until("document.querySelector('#headline').textContent.includes('none of the ten')");
    page.until_state(&["ready"]);
    let words =
        "[...document.querySelectorAll('.word strong')].map((word) => word.textContent).join()";
    let dimmed =
        "getComputedStyle(document.querySelector('#bars-original .bar-track')).opacity < 1";
    for attacked in [false, true] {
        if attacked {
            attack(&page);
        }
        assert_eq!(page.js(words), if attacked { "none,none,none" } else { "none,?,none" });
        assert_eq!(page.js(dimmed), true);
        assert_eq!(page.js(KIND), "mixed");
        let said = page.text("#headline") + &page.text("#detail");
        assert!(
            !second_look::class::Class::ALL.iter().any(|class| said.contains(class.name())),
            "{said}"
        );
    }

    // What the core does not read, the browser may.
    page.upload(
        &host.file(
            "drawing.svg",
            "<svg xmlns='http://www.w3.org/2000/svg' width='20' height='10'/>",
        ),
    );
    page.until("document.querySelector('#headline').textContent.includes('airplane')");
    // A file that ends in its scan.
    page.upload(&host.file("cut.jpg", [0xff, 0xd8, 0xff, 0xda, 1, 2, 3]));
    page.until(&format!("{NOTICE}.textContent.includes('cut off')"));
    page.until_state(&["ready"]);
    page.finish(&["404"]);
}

/// Gives the page a screen of this size, as a device that is held has it.
fn screen(page: &Page, width: u32, height: u32) {
    page.tab
        .call_method(Emulation::SetDeviceMetricsOverride {
            width,
            height,
            device_scale_factor: 1.0,
            mobile: true,
            scale: None,
            screen_width: None,
            screen_height: None,
            position_x: None,
            position_y: None,
            dont_set_visible_size: None,
            screen_orientation: None,
            viewport: None,
            display_feature: None,
            device_posture: None,
        })
        .unwrap();
}

#[test]
fn the_attack_and_what_comes_of_it_are_on_one_screen() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    for (width, height) in [(390, 740), (820, 1180), (1440, 900), (1920, 1080)] {
        screen(&page, width, height);
        page.open(&format!("{}?max_iter=2&run=1", host.url), &["done"]);
        let edges = page.js(
            "['#headline', '#original', '#attacked', '#word-attacked', '#go', '#second', '#word-second'].map(name => \
             (({ top, bottom, left, right }) => [name, top, bottom, left, right])(document.querySelector(name).getBoundingClientRect()))",
        );
        let edges: Vec<(String, f64, f64, f64, f64)> = serde_json::from_value(edges).unwrap();
        for (name, top, bottom, left, right) in &edges {
            let inside = *top >= 0.0 && *left >= 0.0;
            let inside = inside && *bottom <= f64::from(height) && *right <= f64::from(width);
            assert!(inside, "{name} at {width}: {top} to {bottom}, {left} to {right}");
        }
        // Read from the left, or on a narrow screen from above, they tell the story in order.
        let of = |name: &str| edges.iter().find(|edge| edge.0 == name).unwrap();
        assert!(of("#original").4 <= of("#attacked").3, "{width}");
        let second = of("#second");
        assert!(second.3 >= of("#attacked").4 || second.1 >= of("#go").2, "{width}");
        assert_eq!(page.js("document.documentElement.scrollWidth > innerWidth"), false, "{width}");
    }
    page.finish(&["404"]);
}

#[test]
fn a_class_that_is_pressed_is_what_the_classifier_sees_in_the_end() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    page.open(&host.url, &["ready"]);
    let visible =
        "[...document.querySelectorAll('#bars-attacked .bar')].filter(bar => !bar.hidden).length";
    assert_eq!(page.js(visible), 1); // one prediction, which is sure
    page.click("#all-bars");
    assert_eq!(page.js(visible), 10);
    // What the picture shows already is no wish.
    let bar = |class: usize| format!("#bars-attacked .bar:nth-child({class})");
    assert_eq!(page.js(&format!("document.querySelector('{}').disabled", bar(1))), true);
    page.click(&bar(9));
    page.until_state(&["done"]);
    assert_eq!(page.text("#word-attacked"), "ship");
    let said = page.text("#detail");
    // 0.03 by both presets and 0.06 were not enough.
    assert!(said.starts_with("Needed eps 30.6/255 and 2 steps"), "{said}");
    assert_eq!(page.js("document.querySelector('#eps').value"), "0.12");
    assert_eq!(page.js("document.querySelector('#stop').checked"), true);
    page.until("location.search.includes('run=1')");
    let link = page.js("location.href");
    let link = link.as_str().unwrap();
    for part in ["eps=0.12", "target=ship", "stop=1"] {
        assert!(link.contains(part), "{link}");
    }
    page.open(link, &["done"]);
    assert_eq!(page.text("#word-attacked"), "ship");
    assert_eq!(page.text("#step-now"), "2 of 20");
    page.finish(&["404"]);
}

#[test]
fn a_presenter_needs_only_keys_and_the_second_look_is_covered_until_it_is_revealed() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    page.open(&host.url, &["ready"]);
    let presents = "document.documentElement.hasAttribute('data-present')";
    // In a field a letter is a letter.
    page.js("document.querySelector('#eps').focus()");
    page.press("p");
    assert_eq!(page.js(presents), false);
    page.js("document.querySelector('#eps').value = '0.03'");
    page.js("document.activeElement.blur()");
    page.press("p");
    page.until(presents);
    page.until("location.search.includes('present=1')");
    assert_eq!(page.js("document.querySelector('#cover').hidden"), false);
    page.press("a");
    page.until_state(&["done"]);
    assert_eq!([page.text("#word-attacked"), page.text("#word-second")], ["bird", "?"]);
    assert_eq!(page.text("#headline"), "Fooled: airplane → bird.");
    page.press("r");
    page.until("document.querySelector('#word-second').textContent === 'car'");
    assert!(page.text("#headline").contains("Noticed"));
    assert_eq!(page.js("document.querySelector('#cover').hidden"), true);
    page.press("ArrowLeft");
    page.until("document.querySelector('#step-now').textContent === '9 of 10'");
    page.press("ArrowRight");
    page.until("document.querySelector('#step-now').textContent === '10 of 10'");
    // Large enough for the last row, and all of it on the screen.
    let size = "parseFloat(getComputedStyle(document.querySelector('#word-attacked')).fontSize) / innerWidth";
    assert!(page.js(size).as_f64().unwrap() > 0.05);
    let too_high = "Math.max(0, document.documentElement.scrollHeight - innerHeight)";
    assert_eq!(page.js(too_high), 0);
    // The longest of the words stays in one line.
    let lines = "(({ offsetHeight }) => offsetHeight / parseFloat(getComputedStyle(document.querySelector('#word-original')).fontSize))(document.querySelector('#word-original'))";
    assert_eq!(page.text("#word-original"), "airplane");
    assert!(page.js(lines).as_f64().unwrap() < 2.0);
    let link = page.js("location.href");
    page.press("Escape");
    page.until(&format!("!{presents}"));
    page.until("!location.search.includes('present')");
    page.open(link.as_str().unwrap(), &["done"]);
    assert_eq!(page.js(presents), true);
    page.finish(&["404"]);
}

/// What was done has been drawn.
fn drawn(page: &Page) {
    page.js("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(true))))");
}

#[test]
fn keys_that_are_letters_can_be_switched_off_and_stay_so() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    page.open(&host.url, &["ready"]);
    let presents = "document.documentElement.hasAttribute('data-present')";
    let told = "document.querySelector('#present kbd').checkVisibility()";
    assert_eq!(page.js(told), true);
    page.click("#shortcuts");
    page.until(&format!("!{told}"));
    page.press("p");
    drawn(&page);
    assert_eq!(page.js(presents), false);
    // At the next visit, too.
    page.open(&host.url, &["ready"]);
    assert_eq!(page.js("document.querySelector('#shortcuts').checked"), false);
    page.press("p");
    drawn(&page);
    assert_eq!(page.js(presents), false);
    // The buttons and the keys that are no letters are still there.
    page.click("#present");
    page.until(presents);
    page.js("document.activeElement.blur()");
    for letter in ["a", "n", "r", "p"] {
        page.press(letter);
    }
    drawn(&page);
    assert_eq!((page.state(), page.js(presents)), ("ready".to_owned(), true.into()));
    assert_eq!(page.text("#reveal"), "Reveal");
    assert_shows_sample(&page, &crate::first_sample());
    page.press("ArrowRight");
    page.until_state(&["paused"]);
    // While presenting they can be switched on again.
    page.click("#shortcuts-presenting");
    page.press("p");
    page.until(&format!("!{presents}"));
    assert_eq!(page.js("document.querySelector('#shortcuts').checked"), true);
    page.finish(&["404"]);
}

#[test]
fn back_and_forward_lead_through_pictures_levels_and_presenting() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    page.open(&format!("{}?max_iter=2", host.url), &["ready"]);
    page.until("location.search.includes('sample')");
    let entries = || page.js("history.length").as_u64().unwrap();
    let before = entries();
    choose_sample(&page, "ship-11");
    page.until(&format!("({NAMED}) === 'ship-11'"));
    page.choose("#threshold", "900"); // no place of its own
    page.js("document.querySelector('#many > summary').click()");
    page.until("location.search.includes('many=1')");
    page.upload(&host.file("cat.png", "picture 3"));
    page.until(&format!("{SHOWN} === 'The original: your picture'"));
    page.js("document.querySelector('#present').click()");
    page.until("location.search.includes('present=1')");
    assert_eq!(entries(), before + 4);

    let presents = "document.documentElement.hasAttribute('data-present')";
    let open = "document.querySelector('#many').open";
    page.js("history.back()");
    page.until(&format!("!{presents}"));
    assert_eq!(page.js(SHOWN), "The original: your picture");
    page.js("history.back()");
    page.until(&format!("{SHOWN}.includes('ship')"));
    assert_eq!(page.js(open), true);
    page.js("history.back()");
    page.until(&format!("!{open}"));
    assert_shows_sample(&page, "ship-11");
    page.js("history.back()");
    page.until(&format!("!{SHOWN}.includes('ship')"));
    assert_shows_sample(&page, &crate::first_sample());
    page.js("history.go(3)");
    page.until(&format!("{SHOWN} === 'The original: your picture'"));
    assert_eq!((page.js(open), page.js(CHOSEN)), (true.into(), "".into()));
    assert_eq!(entries(), before + 4);
    page.finish(&["404"]);
}

#[test]
fn a_link_opens_the_levels_that_it_names_and_moves_nothing() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    page.open(&format!("{}?many=1&inside=1", host.url), &["ready"]);
    let open = |level: &str| format!("document.querySelector('#{level}').open");
    assert_eq!([page.js(&open("many")), page.js(&open("inside"))], [true, true]);
    assert_eq!(page.js("scrollY"), 0);
    page.js("document.querySelector('#many').scrollIntoView()");
    page.until("document.querySelector('#many-go')?.disabled === false");
    page.js("document.querySelector('#many > summary').click()");
    page.until("!location.search.includes('many') && location.search.includes('inside=1')");
    assert_eq!([page.js(&open("many")), page.js(&open("inside"))], [false, true]);
    page.finish(&["404"]);
}

#[test]
fn a_picture_that_is_held_shows_the_other_one_and_the_seam_can_be_dragged() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    page.open(&format!("{}?max_iter=2&run=1", host.url), &["done"]);
    let says = "document.querySelector('#says-attacked').textContent";
    let mouse = |kind: Input::DispatchMouseEventTypeOption, x: f64, y: f64| {
        page.tab
            .call_method(Input::DispatchMouseEvent {
                Type: kind,
                x,
                y,
                modifiers: None,
                timestamp: None,
                button: Some(Input::MouseButton::Left),
                buttons: Some(1),
                click_count: Some(1),
                force: None,
                tangential_pressure: None,
                tilt_x: None,
                tilt_y: None,
                twist: None,
                delta_x: None,
                delta_y: None,
                pointer_Type: None,
            })
            .unwrap();
    };
    use Input::DispatchMouseEventTypeOption::{MouseMoved, MousePressed, MouseReleased};
    let place = |selector: &str| -> (f64, f64, f64) {
        let place = page.js(&format!(
            "(({{ left, top, width }}) => [left, top, width])(document.querySelector('{selector}').getBoundingClientRect())"
        ));
        serde_json::from_value(place).unwrap()
    };
    let (left, top, _) = place("#hold-attacked");
    mouse(MouseMoved, left + 20.0, top + 20.0);
    mouse(MousePressed, left + 20.0, top + 20.0);
    page.until(&format!("{says} === 'original'"));
    page.until(&format!("{says} === 'attacked'")); // in turn
    mouse(MouseReleased, left + 20.0, top + 20.0);
    page.until(&format!("{says} === ''"));
    // And by the keyboard.
    let key = |kind: &str| {
        page.js(&format!(
            "document.querySelector('#hold-attacked').dispatchEvent(new KeyboardEvent('{kind}', {{ key: ' ' }}))"
        ))
    };
    key("keydown");
    page.until(&format!("{says} === 'original'"));
    key("keyup");
    page.until(&format!("{says} === ''"));

    page.choose("#mode", "swipe");
    page.js("document.querySelector('#closer').scrollIntoView()");
    let (left, top, width) = place("#closer-left");
    mouse(MousePressed, left + width * 0.5, top + 30.0);
    mouse(MouseMoved, left + width * 0.2, top + 30.0);
    mouse(MouseReleased, left + width * 0.2, top + 30.0);
    page.until("Math.abs(document.querySelector('#swipe').value - 20) <= 1");
    page.finish(&["404"]);
}

#[test]
fn whoever_knows_the_detector_is_chosen_shown_live_and_told_of_by_what_is_kept() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    page.open(&host.url, &["ready"]);
    let hidden = |id: &str| page.js(&format!("!document.querySelector('#{id}').checkVisibility()"));
    assert_eq!(hidden("chart-live"), true);
    page.choose("#attacker", "selective");
    page.until("location.search.includes('attacker=selective')");
    assert_eq!([hidden("chart-live"), hidden("preset")], [false, true]); // both presets are the same to it
    attack(&page);
    // The fourth picture is the best of eleven; the second one was noticed.
    assert_eq!(page.text("#step-now"), "3 of 10, kept");
    assert_eq!(page.text("#headline"), "Fooled: airplane → bird. Not noticed. The defence failed.");
    assert!(page.text("#detail").contains("knows the detector"));
    let heard = "document.querySelector('#chart-live svg').getAttribute('aria-label')";
    let heard = page.js(heard).as_str().unwrap().to_owned();
    assert!(heard.contains("0.60 at most") && heard.contains("within the threshold"), "{heard}");
    page.until("location.search.includes('run=1')");
    let run = page.run("second-look-horse-18.json");
    assert_eq!((&run["attacker"], &run["kept"]), (&"defence".into(), &3.into()));

    // Only answers: questions are counted. What the attack lacks is not offered.
    page.choose("#attacker", "queries");
    page.choose("#max_iter", "5");
    assert_eq!([hidden("eps_step"), hidden("max_iter")], [true, false]);
    attack(&page);
    assert_eq!(page.text("#queries"), "6 questions asked");
    let link = page.js("location.href");
    page.open(link.as_str().unwrap(), &["done"]);
    assert_eq!(page.js("document.querySelector('#attacker').value"), "queries");
    assert_eq!(page.text("#queries"), "6 questions asked");

    // The drawing in the lesson comes when it is looked for, and is told in words.
    page.js("document.querySelector('[data-later=paths]').scrollIntoView()");
    page.until("document.querySelector('.paths')?.getAttribute('aria-label').includes('noticed')");
    assert_eq!(page.js("document.querySelectorAll('.paths .paths-way').length"), 3);
    page.finish(&["404"]);
}

#[test]
fn all_attacks_and_harmless_changes_are_loaded_when_they_are_looked_for() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    page.open(&format!("{}?max_iter=2&run=1", host.url), &["done"]);
    let came = "performance.getEntriesByType('resource').some(({ name }) => name.includes('/later/attacks.js'))";
    assert_eq!(page.js(came), false);
    page.click("details:has([data-later=attacks]) summary");
    page.until("document.querySelectorAll('.attacks input').length === 13");
    page.js("document.querySelector('.attacks [value=fgsm]').click()");
    page.until("location.search.includes('attack=fgsm')");
    assert_eq!(page.js("document.querySelector('#max_iter').checkVisibility()"), false);
    attack(&page);

    page.js("document.querySelector('[data-later=controls]').scrollIntoView()");
    page.until("document.querySelector('#try-changes')");
    page.click("#try-changes");
    let told = "document.querySelector('[data-later=controls]').textContent";
    page.until(&format!("{told}.includes('All 8 tried.')"));
    assert_eq!(page.js("document.querySelectorAll('.changes tr').length"), 9);
    // The original and the attacked picture, each after each change.
    assert_eq!(page.js("document.querySelectorAll('.changes td').length"), 16);
    assert!(page.js(told).as_str().unwrap().contains("does nothing to the original"));
    // Of another picture they are not.
    choose_sample(&page, "ship-11");
    page.until(&format!("{told}.includes('of the picture before')"));

    // Without its file a part of the page is missing, and says so; the rest goes on.
    host.miss("/www/later/controls.js");
    page.open(&host.url, &["ready"]);
    page.js("document.querySelector('[data-later=controls]').scrollIntoView()");
    page.until(&format!("{told}.includes('could not be loaded')"));
    attack(&page);
    page.finish(&["404"]);
}

#[test]
fn many_scores_stand_above_the_threshold_while_they_are_of_these_networks() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    page.open(&host.url, &["ready"]);
    let shown = "!document.querySelector('#population').hidden";
    page.until(shown);
    let share = |id: &str| -> f64 {
        let text = page.text(id).replace('\u{a0}', " ");
        text.trim_end_matches(" %").parse().unwrap()
    };
    let (alarms, found) = (share("#false-alarms"), share("#found"));
    assert!(alarms < 15.0 && found > 85.0, "{alarms} {found}");
    let point = || {
        page.js("['cx', 'cy'].map(name => Number(document.querySelector('#roc circle').getAttribute(name)))")
    };
    let before = point();
    page.choose("#threshold", "0");
    page.until("document.querySelector('#false-alarms').textContent.startsWith('100')");
    assert_ne!(point(), before);
    page.choose("#threshold", "1000");
    page.until("document.querySelector('#found').textContent.startsWith('0')");
    page.click("#threshold-reset");
    page.until(&format!("document.querySelector('#found').textContent.startsWith('{found}')"));
    // Another temperature is another score: as many false alarms, another area.
    let area = page.text("#roc-area");
    page.choose("#population-temperature", "1");
    page.until(&format!("document.querySelector('#roc-area').textContent !== '{area}'"));
    assert!((share("#false-alarms") - alarms).abs() < 0.6);
    // Other networks' scores say nothing of these.
    page.choose("#classifier", "vgg16");
    page.until_state(&["ready"]);
    page.until(&format!("!({shown})"));
    page.finish(&["404"]);
}

#[test]
fn numbers_are_read_as_people_write_them() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    page.open(&format!("{}?sample=cat&run=1&max_iter=2", host.url), &["done"]);
    assert_shows_sample(&page, "cat-52");
    let levels = "document.querySelector('#eps-levels').textContent";
    page.choose("#eps", "0,02");
    page.until(&format!("{levels} === '= 5.1/255'"));
    page.until("location.search.includes('eps=0.02')");
    // What was changed after a run is marked, beside the button and beside the fields, and can be run from both.
    let marked = "['#stale', '#stale-here'].every(id => !document.querySelector(id).hidden)";
    page.until(marked);
    page.choose("#eps", "8/255");
    page.until("location.search.includes('eps=0.03137255')");
    page.click("#stale-here button");
    page.until(&format!("!({marked})"));
    page.until_state(&["done"]);
    page.choose("#restarts", "1000");
    assert_eq!(page.js("document.querySelector('#restarts').checkValidity()"), false);
    page.choose("#restarts", "2");
    assert_eq!(
        page.js(
            "document.querySelector('#stop').checked && document.querySelector('#stop').disabled"
        ),
        true
    );
    page.finish(&["404"]);
}

#[test]
fn notices_are_in_sight_and_go() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    screen(&page, 360, 740);
    page.open(&format!("{}?max_iter=2", host.url), &["ready"]);
    for at in ["0", "document.documentElement.scrollHeight"] {
        page.js(&format!("scrollTo(0, {at})"));
        page.upload(&host.file("photo.heic", "other"));
        page.until(&format!("!{NOTICE}.hidden"));
        let seen = page.js(&format!(
            "(({{ top, bottom, left, right }}) => top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth)({NOTICE}.getBoundingClientRect())"
        ));
        assert_eq!(seen, true, "at {at}");
        page.click("#notice-close");
        page.until(&format!("{NOTICE}.hidden"));
    }
    page.upload(&host.file("text.png", "other"));
    page.until(&format!("!{NOTICE}.hidden"));
    attack(&page);
    assert_eq!(page.js(&format!("{NOTICE}.hidden")), true);
    page.finish(&["404"]);
}

#[test]
fn settings_say_what_is_valid_and_what_was_run() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    page.open(&host.url, &["ready"]);
    // An invalid entry is forgotten with the preset that replaces it.
    page.choose("#eps", "0");
    assert_eq!(page.js("document.querySelector('#eps').checkValidity()"), false);
    page.choose("#preset", "strong");
    page.until("document.querySelector('#eps').value === '0.03'");
    assert_eq!(page.js("document.querySelector('#eps').checkValidity()"), true);
    page.choose("#preset", "tutorial");

    // One step is one, shown where it is among all, and judged.
    page.click("#once");
    page.until_state(&["paused"]);
    assert_eq!(page.text("#step-now"), "1 of 10");
    assert_eq!(page.js("document.querySelector('#step').max"), "10");
    let said = page.text("#headline");
    assert!(said.starts_with("Paused at step 1 of 10.") && said.contains("Noticed"), "{said}");
    page.choose("#step", "7"); // further than the attack has come
    assert_eq!(page.js("document.querySelector('#step').value"), "1");
    attack(&page);

    let marked = "!document.querySelector('#stale').hidden";
    assert_eq!(page.js(marked), false);
    page.until("location.search.includes('run=1')");
    page.choose("#max_iter", "5");
    page.until(marked);
    page.until("!location.search.includes('run')");
    attack(&page);
    assert_eq!(page.js(marked), false);
    page.finish(&["404"]);
}

#[test]
fn networks_that_cannot_be_had_leave_those_that_are_there() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    page.open(&format!("{}?max_iter=2", host.url), &["ready"]);
    attack(&page);
    host.miss("/www/models/tutorial.safetensors");
    page.choose("#autoencoder", "tutorial");
    page.until(&format!(
        "{NOTICE}.textContent.includes('tutorial.safetensors could not be loaded')"
    ));
    assert_eq!(page.state(), "done");
    assert_eq!(page.js("document.querySelector('#autoencoder').value"), "compact");
    assert!(page.text("#cards").contains("residual"));
    attack(&page);
    page.choose("#autoencoder", "tutorial");
    page.until(&format!("!{NOTICE}.hidden"));
    host.serve("/www/models/tutorial.safetensors");
    page.click("#notice-retry");
    page.until("document.querySelector('#cards').textContent.includes('tutorial')");
    page.until_state(&["ready"]);

    // None at all: the page says so, offers the link without a QR code, and a picture has them loaded again.
    host.miss("/www/models/classifier.safetensors");
    page.open(&host.url, &["error"]);
    page.click("#qr");
    page.until("document.querySelector('#share-says').textContent.includes('http://127.0.0.1')");
    host.serve("/www/models/classifier.safetensors");
    page.upload(&host.file("cat.png", "picture 3"));
    page.until_state(&["ready"]);
    assert_eq!(page.js(SHOWN), "The original: your picture");
    page.finish(&["404"]);
}

#[test]
fn another_classifier_comes_when_it_is_chosen_and_loading_it_can_be_given_up() {
    const VGG16: &str = "/www/models/vgg16.safetensors";
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    let chosen = || page.js("document.querySelector('#classifier').value");
    page.open(&format!("{}?sample=cat-52&max_iter=2", host.url), &["ready"]);
    assert_eq!(chosen(), "compact");
    attack(&page);
    // How much of it has come is told as a share; what is there can still be looked at.
    let rest = host.begin(VGG16, 8_760_000);
    page.choose("#classifier", "vgg16");
    page.until("Math.abs(document.querySelector('#loading').value - 0.5) < 0.02");
    let said = page.text("#headline");
    assert!(said.starts_with("Loading VGG16") && said.contains("8.8 of 17.5"), "{said}");
    assert_eq!(page.state(), "loading");
    page.click("#loading-cancel");
    page.until_state(&["done"]);
    assert_eq!(chosen(), "compact");
    // What comes of it all the same is of no use: who answers is the one that is named.
    rest.open();
    std::thread::sleep(std::time::Duration::from_secs(1));
    attack(&page);
    assert!(page.text("#cards").contains("compact"));
    let sure = "document.querySelector('#bars-attacked .bar-top .bar-value').textContent";
    assert!(page.js(sure).as_str().unwrap().starts_with("91.0"));
    assert!(!page.js("location.search").as_str().unwrap().contains("classifier"));

    // A part of it that is missing leaves the one that is there, and it can be tried again.
    host.script(VGG16, "vgg16");
    host.list_sum("vgg16.safetensors", b"vgg16");
    host.miss("/www/models/vgg16-corrector.safetensors");
    page.choose("#classifier", "vgg16");
    page.until(&format!("{NOTICE}.textContent.includes('The classifier compact stays.')"));
    assert_eq!((page.state().as_str(), chosen()), ("done", "compact".into()));
    host.script("/www/models/vgg16-corrector.safetensors", "vgg16");
    page.click("#notice-retry");
    page.until("document.querySelector('#cards').textContent.includes('vgg16-small')");
    page.until_state(&["ready"]);
    assert_eq!(chosen(), "vgg16");
    assert_shows_sample(&page, "cat-52");
    assert_eq!(page.js("document.querySelector('#max_iter').value"), "2");
    page.until("location.search.includes('classifier=vgg16')");
    attack(&page);
    assert!(page.js(sure).as_str().unwrap().starts_with("82.0"));

    // Its link: whoever does not want to wait for it gets the other one.
    let link = page.js("location.href");
    page.open(link.as_str().unwrap(), &["done"]);
    assert_eq!(chosen(), "vgg16");
    let rest = host.begin(VGG16, 1000);
    page.tab.navigate_to(link.as_str().unwrap()).unwrap().wait_until_navigated().unwrap();
    page.until("!(document.querySelector('#loading-cancel')?.hidden ?? true)");
    page.click("#loading-cancel");
    page.until_state(&["ready"]);
    assert_eq!(chosen(), "compact");
    rest.open();
    page.finish(&["404"]);
}

#[test]
fn an_attack_says_before_it_begins_how_long_it_takes_here() {
    const TIME: &str = "document.querySelector('#attack-time').textContent";
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    host.pretend_gpu("1", "300");
    // In seconds, the time of a step and that of the whole attack.
    let told = || -> Vec<f64> {
        let text = page.js(TIME).as_str().unwrap().replace('\u{a0}', " ");
        let parts = text.trim_end_matches('.').split(", the");
        let seconds = parts.map(|part| {
            let words: Vec<_> = part.split(' ').collect();
            let at = words.iter().rposition(|word| ["ms", "s"].contains(word)).unwrap();
            let number: f64 = words[at - 1].parse().unwrap();
            if words[at] == "ms" { number / 1e3 } else { number }
        });
        seconds.collect()
    };
    page.open(&format!("{}?backend=cpu", host.url), &["ready"]);
    page.until(&format!("{TIME}.includes('A step takes about')"));
    let [step, whole] = told()[..] else { panic!("{}", page.js(TIME)) };
    assert!((0.3..0.6).contains(&step), "{step} s");
    assert!((whole / step - 11.0).abs() < 1.0, "{whole} s");
    page.choose("#max_iter", "20");
    page.until(&format!("{TIME}.includes('the 20 of this attack')"));
    // It can be cancelled while a step is computed, and what it took is known then.
    page.click("#go");
    page.until("document.querySelector('#step-now').textContent.startsWith('2 ')");
    assert!(page.js(TIME).as_str().unwrap().contains("to go"));
    page.click("#cancel");
    page.until_state(&["ready"]);
    let [step, _] = told()[..] else { panic!("{}", page.js(TIME)) };
    assert!((0.3..0.6).contains(&step), "{step} s");
    page.finish(&["404"]);
}

#[test]
fn a_panic_is_called_one_wherever_it_happens() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    page.open(&host.url, &["ready"]);
    for word in ["panic", "callback"] {
        page.upload(&host.file("bad.png", word));
        page.until(&format!("!{NOTICE}.hidden"));
        let said = page.text("#notice-text");
        assert!(said.contains("broke down") && !said.contains("connection"), "{word}: {said}");
        page.until_state(&["ready"]);
        assert!(page.js(SHOWN).as_str().unwrap().contains("drawn"));
    }
    page.finish(&["404"]);
}

const BACKEND: &str = "document.querySelector('#backend-now').textContent";

#[test]
fn without_a_hardware_adapter_the_gpu_s_module_is_never_asked_for() {
    for gpu in [Gpu::None, Gpu::Software] {
        let Some(page) = Page::new(gpu) else { return };
        let host = Host::start();
        for path in ["/pkg/second_look_gpu.js", "/pkg/second_look_gpu_bg.wasm"] {
            host.miss(path); // then it would be said that WebGPU did not work
        }
        page.open(&host.url, &["ready"]);
        let why = if gpu == Gpu::None {
            "this browser offers no WebGPU"
        } else {
            "its WebGPU is software"
        };
        page.until(&format!("{BACKEND}.startsWith('CPU: {why}')"));
        page.open(&format!("{}?backend=cpu&run=1", host.url), &["done"]);
        assert_eq!(page.js(BACKEND), "CPU: as asked for");
        page.finish(&["404"]);
    }
}

#[test]
fn the_faster_backend_is_measured_once_and_then_known() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    host.pretend_gpu("1", "60");
    // The first prediction does not wait for the GPU.
    let module = host.hold("/pkg/second_look_gpu_bg.wasm");
    page.open(&host.url, &["ready"]);
    assert_eq!(page.backend(), "cpu");
    module.open();
    page.until("document.documentElement.dataset.backend === 'webgpu'");
    let measured = page.js(BACKEND);
    let said = measured.as_str().unwrap();
    assert!(said.starts_with("WebGPU: ") && said.contains(" ms a step, the CPU 6"), "{said}");
    attack(&page);
    // Nothing is measured at the second visit, so the CPU's step can take for ever.
    host.pretend_gpu("1", "1e9");
    page.open(&host.url, &["ready"]);
    page.until("document.documentElement.dataset.backend === 'webgpu'");
    assert_eq!(page.js(BACKEND), measured);
    attack(&page);

    // And where the GPU is slower, its module is not loaded again.
    page.js("localStorage.clear()");
    host.pretend_gpu("60", "1");
    page.open(&host.url, &["ready"]);
    page.until(&format!("{BACKEND}.includes(' ms a step, WebGPU 6')"));
    assert_eq!(page.backend(), "cpu");
    host.miss("/pkg/second_look_gpu.js");
    let measured = page.js(BACKEND);
    page.open(&host.url, &["ready"]);
    page.until(&format!("{BACKEND}.includes('WebGPU')"));
    assert_eq!(page.js(BACKEND), measured);
    attack(&page);
    page.finish(&["404"]);
}

#[test]
fn a_gpu_that_fails_while_it_is_tried_changes_nothing_but_the_line_that_says_so() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    host.pretend_gpu("'trap'", "1");
    page.open(&host.url, &["ready"]);
    page.until(&format!("{BACKEND}.includes('WebGPU did not work (unreachable)')"));
    attack(&page);
    assert_eq!(page.backend(), "cpu");
    assert_eq!(page.js(&format!("{NOTICE}.hidden")), true);
    // It is not tried again soon, nor is its module loaded.
    host.miss("/pkg/second_look_gpu_bg.wasm");
    page.open(&host.url, &["ready"]);
    page.until(&format!("{BACKEND}.includes('did not work at an earlier visit (unreachable)')"));
    // A module that does not come changes nothing either, and the next visit asks for it again.
    page.js("localStorage.clear()");
    page.open(&host.url, &["ready"]);
    page.until(&format!("{BACKEND}.includes('WebGPU did not work (second_look_gpu_bg.wasm')"));
    attack(&page);
    assert_eq!(page.js(&format!("{NOTICE}.hidden")), true);
    assert_eq!(page.js("localStorage.length"), 0);

    // Nor does what fails between two steps of the trial, when the CPU may be computing.
    host.script("/pkg/second_look_gpu_bg.wasm", "");
    host.pretend_gpu("'late'", "1");
    page.open(&host.url, &["ready"]);
    page.until(&format!("{BACKEND}.includes('WebGPU did not work (unreachable)')"));
    attack(&page);
    assert_eq!(page.backend(), "cpu");
    assert_eq!(page.js(&format!("{NOTICE}.hidden")), true);
    page.finish(&["404"]);
}

#[test]
fn an_attack_does_not_wait_for_the_gpu_s_trial() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    host.pretend_gpu("300", "5");
    // Each step of the trial takes longer than the whole attack; one of them at most comes before it.
    page.open(&format!("{}?max_iter=2&run=1", host.url), &["done"]);
    assert!(!page.js(BACKEND).as_str().unwrap().contains("a step"));
    page.until(&format!("{BACKEND}.includes('a step, WebGPU 30')"));
    page.finish(&["404"]);
}

#[test]
fn a_gpu_lost_during_a_first_look_leads_to_the_cpu() {
    let Some(page) = Page::new(Gpu::Software) else { return };
    let host = Host::start();
    page.open(&format!("{}?backend=webgpu&sample=cat-52", host.url), &["ready"]);
    assert_eq!(page.backend(), "webgpu");
    page.upload(&host.file("lost.png", "lost"));
    page.until(&format!("{NOTICE}.textContent.includes('The GPU was lost. The CPU takes over.')"));
    page.until_state(&["ready"]);
    assert_eq!(page.backend(), "cpu");
    assert_eq!(page.js(SHOWN), "The original: your picture");
    page.finish(&["404"]);
}

#[test]
fn a_part_of_the_page_that_does_not_load_is_told() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    for path in ["/www/widgets/scale.js", "/www/main.js"] {
        host.miss(path);
        page.open(&host.url, &["error"]);
        page.until("document.querySelector('#headline').textContent === 'This does not work.'");
        assert!(page.text("#notice-text").contains("could not be loaded"));
        host.serve(path);
        page.click("#notice-retry");
        page.until_state(&["ready"]);
    }
    // The worker's own.
    host.miss("/www/worker/worker.js");
    page.open(&host.url, &["error"]);
    assert!(page.text("#notice-text").contains("check the connection"));
    host.serve("/www/worker/worker.js");
    page.click("#notice-retry");
    page.until_state(&["ready"]);
    page.finish(&["404"]);
}

#[test]
fn bars_and_the_chosen_sample_are_seen_in_forced_colours() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    page.tab
        .call_method(Emulation::SetEmulatedMedia {
            media: None,
            features: Some(vec![Emulation::MediaFeature {
                name: "forced-colors".to_owned(),
                value: "active".to_owned(),
            }]),
        })
        .unwrap();
    page.open(&host.url, &["ready"]);
    assert_eq!(page.js("matchMedia('(forced-colors: active)').matches"), true);
    let colour = |selector: &str, property: &str| {
        page.js(&format!("getComputedStyle(document.querySelector('{selector}')).{property}"))
    };
    for bars in ["#bars-original", "#bars-second"] {
        let (fill, track) = (format!("{bars} .bar-fill"), format!("{bars} .bar-track"));
        assert_ne!(colour(&fill, "backgroundColor"), colour(&track, "backgroundColor"));
    }
    assert_ne!(
        colour(".sample :checked + img", "borderTopColor"),
        colour(".sample :not(:checked) + img", "borderTopColor")
    );
    assert_ne!(colour("#mark-now", "backgroundColor"), colour("#mark-clean", "backgroundColor"));
    page.finish(&["404"]);
}
