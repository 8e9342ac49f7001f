//! The page, as a visitor has it: a real Chromium, the real server, the committed `pkg/`.
//!
//! They can tell that the page works on this machine's browser, on the CPU and on a software WebGPU. They
//! cannot tell how it looks, nor what a real GPU's driver makes of it.

mod browser;
mod canvases;
mod faked;
mod inside;
mod many;
mod numerics;
mod offline;
mod package;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get;
use browser::{Gpu, Page, Server};
use burn::tensor::Device;
use futures_util::stream;
use image::{DynamicImage, ImageFormat};
use second_look::attack::{Norm, Pgd};
use second_look::class::Class;
use second_look::defence::Defence;
use second_look::picture::Picture;
use serde_json::Value;
use tower_http::services::ServeDir;

/// The project's root, where `www/` and `pkg/` are.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn file(path: &str) -> PathBuf {
    Path::new(ROOT).join(path)
}

fn numbers(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap() as f32).collect()
}

/// The id of the sample that is shown at first.
fn first_sample() -> String {
    let samples = fs::read_to_string(file("www/samples.js")).unwrap();
    let (_, list) = samples.split_once("SAMPLES = [").unwrap();
    list.split('\'').nth(1).unwrap().to_owned()
}

/// The page's networks natively, by the names of their files: classifier, autoencoder and corrector, if there is one.
fn load_defence(models: &[&str]) -> Defence {
    let model = |name: &&str| fs::read(file(&format!("www/models/{name}.safetensors"))).unwrap();
    let corrector = models.get(2).map(model);
    let (classifier, autoencoder) = (model(&models[0]), model(&models[1]));
    Defence::load(&classifier, &autoencoder, corrector.as_deref(), &Device::flex()).unwrap().0
}

fn defence() -> &'static Defence {
    static DEFENCE: OnceLock<Defence> = OnceLock::new();
    DEFENCE.get_or_init(|| load_defence(&["classifier", "autoencoder", "corrector"]))
}

/// Holds what the page saved of a run against the same run natively.
#[track_caller]
fn assert_as_native(run: &Value, sample: &str, pgd: Pgd, target: Option<Class>) {
    let bytes = fs::read(file("www/samples").join(format!("{sample}.png"))).unwrap();
    let picture = Picture::decode(&bytes).unwrap();
    let clean =
        pollster::block_on(defence().detect(picture.to_tensor(defence().device()))).unwrap();
    let close = |name: &str, theirs: &[f32], ours: &[f32]| {
        assert_eq!(theirs.len(), ours.len(), "{name}");
        for (a, b) in theirs.iter().zip(ours) {
            assert!((a - b).abs() <= 2e-3 * (1.0 + b.abs()), "{name}: {theirs:?} {ours:?}");
        }
    };
    let original = &run["original"];
    close("CL(x)", &numbers(&original["prediction"]), &clean.verdicts[0].prediction);
    close(
        "CL(AE(x))",
        &numbers(&original["reconstruction_prediction"]),
        &clean.verdicts[0].reconstruction_prediction,
    );

    let class = target.unwrap_or_else(|| Class::most_likely(&clean.verdicts[0].prediction));
    let mut attack = defence().attack(&picture, class, pgd.into()).unwrap();
    let (mut losses, mut last) = (Vec::new(), None);
    while let Some((step, found)) = pollster::block_on(attack.watched_step(defence())).unwrap() {
        losses.push(step.loss);
        last = Some(found.verdict);
    }
    let steps = run["steps"].as_array().unwrap();
    let theirs: Vec<f32> = steps.iter().map(|step| step["loss"].as_f64().unwrap() as f32).collect();
    close("losses", &theirs, &losses);
    let verdict = last.unwrap();
    let end = &run["verdict"];
    close("the attacked picture's CL", &numbers(&end["prediction"]), &verdict.prediction);
    close(
        "the second prediction",
        &numbers(&end["reconstruction_prediction"]),
        &verdict.reconstruction_prediction,
    );
    close(
        "the corrected prediction",
        &numbers(&end["corrected_prediction"]),
        &verdict.corrected_prediction.unwrap(),
    );
    close("the score", &[end["score"].as_f64().unwrap() as f32], &[verdict.score]);
    assert_eq!(run["verdict"]["answer"], verdict.answer.name());
    assert_eq!(run["verdict"]["adversarial"], verdict.adversarial);
}

#[test]
fn on_the_cpu_it_classifies_attacks_and_judges_as_the_native_binary_does() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let server = Server::of_project();
    page.open(&server.url, &["ready"]);
    assert_eq!(page.backend(), "cpu");
    let before = page.text("#numbers");
    assert!(before.contains("The second prediction"), "{before}");
    assert_eq!(page.js("document.querySelector('#verdict').getAttribute('role')"), "status");

    page.click("#go");
    page.until_state(&["done"]);
    let after = page.text("#headline");
    assert!(after.starts_with("Fooled: ") || after.starts_with("Not fooled: "), "{after}");
    let sample = first_sample();
    let run = page.run(&format!("second-look-{sample}.json"));
    assert_as_native(&run, &sample, Pgd::default(), None);
    let steps = run["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 11);
    assert!(steps[10]["loss"].as_f64() > steps[0]["loss"].as_f64());
    assert!(steps[10]["distance"].as_f64().unwrap() <= 0.01 + 1e-6);

    // Every step can be looked at again, and the picture taken home.
    page.choose("#step", "0");
    page.until("document.querySelector('#step-now').textContent === '0 of 10'");
    page.until("document.querySelector('#headline').textContent.startsWith('Not fooled')");
    page.click("#save-png");
    page.until("document.querySelector('#share-says').textContent.includes('8 bits')");
    let png = page.saved(&format!("second-look-{sample}-attacked.png"));
    assert_eq!(image::load_from_memory(&png).unwrap().width(), 96);
    page.finish(&[]);
}

#[test]
fn on_webgpu_it_computes_the_same() {
    let Some(page) = Page::new(Gpu::Software) else { return };
    let server = Server::of_project();
    // A software adapter is slower than the CPU: only who asks for it gets it.
    let sample = first_sample();
    let query = format!(
        "{}?sample={sample}&max_iter=2&eps_step=0.01&target=ship&backend=webgpu&run=1",
        server.url
    );
    page.open(&query, &["done"]);
    assert_eq!(page.backend(), "webgpu");
    let run = page.run(&format!("second-look-{sample}.json"));
    let pgd = Pgd { eps_step: 0.01, max_iter: 2, targeted: true, ..Pgd::default() };
    assert_as_native(&run, &sample, pgd, Some(Class::Ship));

    page.finish(&[]);
}

#[cfg(target_os = "linux")]
#[test]
fn when_the_gpu_is_lost_the_cpu_takes_over() {
    let Some(page) = Page::new(Gpu::Software) else { return };
    let server = Server::of_project();
    page.open(&format!("{}?backend=webgpu&max_iter=2", server.url), &["ready"]);
    assert_eq!(page.backend(), "webgpu");
    page.crash_gpu();
    page.until("document.documentElement.dataset.backend === 'cpu'");
    let said = page.text("#notice-text");
    assert!(said.contains("The GPU was lost") && said.contains("CPU"), "{said}");
    page.until_state(&["ready"]);
    page.click("#go");
    page.until_state(&["done"]);
    // Chromium's own remarks on the GPU's end.
    page.finish(&["Instance", "GPU", "CONTEXT_LOST"]);
}

#[test]
fn an_attack_can_be_paused_stepped_and_cancelled() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let server = Server::of_project();
    page.open(&format!("{}?max_iter=200&norm=l2&run=1", server.url), &["running"]);
    page.until("Number.parseInt(document.querySelector('#step-now').textContent, 10) >= 3");
    page.click("#go");
    page.until_state(&["paused"]);
    assert!(page.text("#headline").starts_with("Paused"), "{}", page.text("#headline"));
    // A step that was under way may still arrive; the next one is made when it is asked for.
    let step = || page.text("#step-now").split(' ').next().unwrap().parse::<u32>().unwrap();
    let paused = step();
    page.click("#once");
    page.until_state(&["paused"]);
    let more = step() - paused;
    assert!((1..=2).contains(&more), "{more} steps");
    page.click("#cancel");
    page.until_state(&["ready"]);
    assert!(
        page.text("#headline").starts_with("Cancelled after step"),
        "{}",
        page.text("#headline")
    );
    assert!(!page.js("location.search").as_str().unwrap().contains("run=1"));
    // And anew, with one step only.
    page.click("#once");
    page.until("document.querySelector('#step-now').textContent === '1 of 200'");
    page.until_state(&["paused"]);
    page.press("Escape");
    page.until_state(&["ready"]);
    page.finish(&[]);
}

#[test]
fn own_pictures_are_opened_and_bad_files_refused() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let server = Server::of_project();
    let folder = tempfile::tempdir().unwrap();
    let sample = image::open(file("www/samples").join(format!("{}.png", first_sample()))).unwrap();
    let jpeg = folder.path().join("photo.jpg");
    let wide = DynamicImage::from(sample.to_rgb8()).resize_exact(
        640,
        400,
        image::imageops::FilterType::Triangle,
    );
    wide.save_with_format(&jpeg, ImageFormat::Jpeg).unwrap();
    let cut = folder.path().join("cut.png");
    fs::write(
        &cut,
        &fs::read(file("www/samples").join(format!("{}.png", first_sample()))).unwrap()[..700],
    )
    .unwrap();
    // A photograph whose second half is missing: decoders forgive that.
    let half = folder.path().join("half.jpg");
    let bytes = fs::read(&jpeg).unwrap();
    fs::write(&half, &bytes[..bytes.len() / 2]).unwrap();
    // A picture that is said to have 400 megapixels.
    let mut bytes = std::io::Cursor::new(Vec::new());
    DynamicImage::new_rgb8(8, 8).write_to(&mut bytes, ImageFormat::Bmp).unwrap();
    let mut bytes = bytes.into_inner();
    bytes[18..22].copy_from_slice(&20_000u32.to_le_bytes());
    bytes[22..26].copy_from_slice(&20_000u32.to_le_bytes());
    let huge = folder.path().join("huge.bmp");
    fs::write(&huge, bytes).unwrap();

    page.open(&server.url, &["ready"]);
    // More pixels than the core decodes: the browser scales them down.
    let large = folder.path().join("large.png");
    let red = image::RgbImage::from_pixel(6000, 4200, image::Rgb([200, 0, 0]));
    red.save_with_format(&large, ImageFormat::Png).unwrap();
    page.upload(&large);
    page.until(
        "document.querySelector('#original').getAttribute('aria-label').includes('your picture')",
    );
    page.until_state(&["ready"]);
    assert!(!page.js("location.search").as_str().unwrap().contains("sample"));
    assert_eq!(page.js("document.querySelectorAll('#samples :checked').length"), 0);
    let [r, g, b]: [u64; 3] = page
        .js("[...document.querySelector('#original').getContext('2d').getImageData(48, 48, 1, 1).data].slice(0, 3)")
        .as_array()
        .unwrap()
        .iter()
        .map(|value| value.as_u64().unwrap())
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    assert!(r > 190 && g < 9 && b < 9, "{r} {g} {b}");
    page.upload(&jpeg);
    page.until_state(&["ready"]);
    // What the module cannot read and the browser can.
    let bmp = folder.path().join("photo.bmp");
    image::open(&jpeg).unwrap().save_with_format(&bmp, ImageFormat::Bmp).unwrap();
    page.upload(&bmp);
    page.until_state(&["ready"]);
    assert_eq!(page.js("document.querySelector('#notice').hidden"), true);
    page.upload(&half);
    page.until("document.querySelector('#notice-text').textContent.includes('cut off')");
    page.until_state(&["ready"]);
    for bad in [&cut, &huge] {
        if page.js("document.querySelector('#notice').hidden") == false {
            page.click("#notice-close");
            page.until("document.querySelector('#notice').hidden");
        }
        page.upload(bad);
        page.until("!document.querySelector('#notice').hidden");
        let said = page.text("#notice-text");
        assert!(said.contains("picture"), "{said}");
        page.until_state(&["ready"]);
    }
    // The picture before is still there to be attacked.
    page.click("#go");
    page.until_state(&["done"]);
    page.finish(&[]);
}

#[test]
fn an_address_says_what_is_shown_and_nonsense_is_told() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let server = Server::of_project();
    // The root leads to the page, with the query.
    let root = server.url.trim_end_matches("www/");
    page.open(&format!("{root}?attack=magic&eps=7&eps_step=x&max_iter=2.5&norm=l7&target=zebra&threshold=-1&backend=abacus&sample=none&run=2"), &["ready"]);
    let said = page.text("#notice-text");
    for name in [
        "attack=magic",
        "eps=7",
        "eps_step=x",
        "max_iter=2.5",
        "norm=l7",
        "target=zebra",
        "threshold=-1",
        "backend=abacus",
        "sample=none",
        "run=2",
    ] {
        assert!(said.contains(name), "{name}: {said}");
    }
    assert_eq!(page.js("document.querySelector('#eps').value"), "0.03");

    page.open(&format!("{}?attack=pgd&eps=0.02&eps_step=0.01&max_iter=3&norm=linf&target=truck&threshold=0.5&backend=cpu&run=1", server.url), &["done"]);
    assert!(page.js("document.querySelector('#notice').hidden") == true);
    let sample = first_sample();
    let run = page.run(&format!("second-look-{sample}.json"));
    let pgd = Pgd { eps: 0.02, eps_step: 0.01, max_iter: 3, targeted: true, ..Pgd::default() };
    assert_eq!(serde_json::from_value::<Pgd>(run["attack"].clone()).unwrap(), pgd);
    assert_eq!(run["attack"]["class"], "truck");
    assert_eq!(run["threshold"], 0.5);
    let verdict = &run["verdict"];
    assert_eq!(verdict["adversarial"], verdict["score"].as_f64().unwrap() > 0.5);
    // A GPU that is asked for and not there is told.
    page.choose("#backend", "webgpu");
    page.until(
        "document.querySelector('#notice-text').textContent.includes('WebGPU was asked for')",
    );
    page.until_state(&["done"]);
    assert_eq!(page.backend(), "cpu");
    // What is changed goes into the address, and from there into a QR code.
    page.choose("#norm", "l2");
    page.choose("#threshold", "0");
    page.until(
        "['norm=l2', 'threshold=0'].every(part => location.search.includes(part)) && !location.search.includes('run')",
    );
    page.click("#qr");
    page.until("document.querySelector('#qr-dialog').open && document.querySelector('#qr-picture').naturalWidth > 0");
    page.finish(&[]);
}

#[test]
fn the_tutorial_s_autoencoder_comes_when_it_is_asked_for_and_stays() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let server = Server::of_project();
    page.open(&server.url, &["ready"]);
    let cards = || page.text("#cards");
    assert!(cards().contains("residual") && !cards().contains("latent 100"), "{}", cards());
    assert_eq!(page.js("document.querySelector('#corrector-figure').hidden"), false);

    page.choose("#autoencoder", "tutorial");
    page.until("document.querySelector('#cards').textContent.includes('latent 100')");
    page.until_state(&["ready"]);
    assert_eq!(page.js("document.querySelector('#corrector-figure').hidden"), true);
    page.click("#go");
    page.until_state(&["done"]);
    let run = page.run(&format!("second-look-{}.json", first_sample()));
    assert_eq!(run["models"]["autoencoder"]["architecture"]["name"], "tutorial");
    assert!(run["verdict"]["corrected_prediction"].is_null()); // there is no corrector

    // Its link brings it back, and without a network it is still there.
    page.until("document.querySelector('#offline').textContent.includes('without a network')");
    page.until("location.search.includes('autoencoder=tutorial')");
    let address = page.js("location.href");
    page.open(address.as_str().unwrap(), &["ready", "done"]);
    drop(server);
    page.open(address.as_str().unwrap(), &["ready", "done"]);
    assert!(cards().contains("latent 100"), "{}", cards());
    page.finish(&["ERR_CONNECTION_REFUSED"]);
}

#[test]
fn the_page_takes_names_presets_and_defaults_from_the_core() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let server = Server::of_project();
    page.open(&server.url, &["ready"]);
    let classes = page.js(
        "[...document.querySelectorAll('#bars-original .bar-name')].map(name => name.textContent)",
    );
    assert_eq!(serde_json::from_value::<Vec<Class>>(classes).unwrap(), Class::ALL);
    let fields = || {
        serde_json::from_value::<Pgd>(page.js(
            "Object.fromEntries(['norm', 'eps', 'eps_step', 'max_iter'].map(id => [id, document.querySelector('#' + id).value]).map(([id, value]) => [id, id === 'norm' ? value : Number(value)]))",
        ))
        .unwrap()
    };
    assert_eq!(fields(), Pgd::default());
    for (name, pgd) in [("strong", Pgd::strong(Norm::Linf)), ("tutorial", Pgd::default())] {
        page.choose("#preset", name);
        page.until(&format!("document.querySelector('#eps_step').value === '{}'", pgd.eps_step));
        assert_eq!(fields(), pgd);
    }
    let norms = page.js("[...document.querySelector('#norm').options].map(option => option.value)");
    let norms: Vec<Norm> = serde_json::from_value(norms).unwrap();
    assert!(norms.contains(&Norm::Linf) && norms.contains(&Norm::L2));
    page.finish(&[]);
}

#[test]
fn the_keyboard_is_enough() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let server = Server::of_project();
    page.open(&format!("{}?max_iter=3", server.url), &["ready"]);
    let focused = || page.js("document.activeElement.id || document.activeElement.name");
    let reach = |id: &str| {
        for _ in 0..80 {
            if focused() == id {
                return;
            }
            page.press("Tab");
        }
        panic!("Tab does not lead to {id}");
    };
    reach("go");
    page.press("Enter");
    page.until_state(&["done"]);
    reach("step");
    page.press("ArrowLeft");
    page.until("document.querySelector('#step-now').textContent === '2 of 3'");
    // The samples are one stop; arrows choose among them.
    reach("sample");
    let before = page.js("document.querySelector('#samples :checked').value");
    page.press("ArrowRight");
    page.until_state(&["ready"]);
    let after = page.js("document.querySelector('#samples :checked').value");
    assert_ne!(before, after);
    // What the parameters mean is told without a mouse.
    reach("terms");
    page.press("Enter");
    page.until("document.querySelector('#terms').parentElement.open");
    reach("threshold");
    let limit = page.text("#threshold-now");
    page.press("ArrowLeft");
    page.press("ArrowLeft");
    page.press("ArrowLeft");
    page.until(&format!("document.querySelector('#threshold-now').textContent !== '{limit}'"));
    reach("zoom");
    page.press("ArrowRight");
    page.until("document.querySelector('#zoom-now').textContent === '1.5×'");
    reach("qr");
    page.press("Enter");
    page.until("document.querySelector('#qr-dialog').open");
    page.press("Escape");
    page.until("!document.querySelector('#qr-dialog').open");
    page.finish(&[]);
}

/// A copy of the page's two folders below `path` of a new folder.
fn copy_below(path: &str) -> (tempfile::TempDir, PathBuf) {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
            let target = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &target);
            } else {
                fs::copy(entry.path(), target).unwrap();
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join(path);
    for part in ["www", "pkg"] {
        copy(&file(part), &place.join(part));
    }
    (folder, place)
}

#[test]
fn broken_weights_are_told_and_can_be_loaded_again() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let (_folder, place) = copy_below("");
    let weights = place.join("www/models/autoencoder.safetensors");
    let whole = fs::read(&weights).unwrap();
    fs::write(&weights, &whole[..whole.len() / 2]).unwrap();
    let server = Server::start(&place);
    page.open(&server.url, &["error"]);
    assert!(page.text("#notice-text").contains("damaged"), "{}", page.text("#notice-text"));
    fs::remove_file(&weights).unwrap();
    page.click("#notice-retry");
    page.until("document.querySelector('#notice-text').textContent.includes('404')");
    page.until_state(&["error"]);
    fs::write(&weights, &whole).unwrap();
    page.click("#notice-retry");
    page.until_state(&["ready"]);
    page.finish(&["404"]);
}

#[test]
fn it_works_offline_after_the_first_visit() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let server = Server::of_project();
    let url = format!("{}?max_iter=2", server.url);
    page.open(&url, &["ready"]);
    page.until(
        "document.querySelector('#offline').textContent.endsWith('without a network from now on.')",
    );
    drop(server);
    page.open(&url, &["ready"]);
    page.click("#go");
    page.until_state(&["done"]);
    // Another sample than the one of the first visit.
    page.js("[...document.querySelectorAll('#samples input')].at(-1).click()");
    page.until_state(&["ready"]);
    // And what nobody has looked at yet.
    page.open(&format!("{url}&many=1&inside=1"), &["ready"]);
    for (level, part) in [("many", "#many-go"), ("inside", "#map-go")] {
        page.js(&format!("document.querySelector('#{level}').scrollIntoView()"));
        page.until(&format!("document.querySelector('{part}')"));
    }
    page.finish(&["ERR_CONNECTION_REFUSED"]);
}

/// A server of its own for these routes, and its address.
fn host(routes: Router) -> (tokio::runtime::Runtime, String) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async { axum::serve(listener, routes).await });
    (runtime, format!("http://{address}"))
}

#[test]
fn any_static_host_will_do_below_any_path() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let (folder, _) = copy_below("school/lessons/second-look");
    let (_runtime, url) = host(Router::new().fallback_service(ServeDir::new(folder.path())));
    let path = "school/lessons/second-look/www/index.html?run=1&max_iter=1";
    page.open(&format!("{url}/{path}"), &["done"]);
    page.finish(&[]);
}

#[test]
fn a_download_that_breaks_off_is_told_and_tried_again() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let whole = fs::read(file("www/models/classifier.safetensors")).unwrap();
    let broken = Arc::new(AtomicBool::new(true));
    let state = Arc::clone(&broken);
    let weights = move || {
        let half = Ok(Bytes::copy_from_slice(&whole[..whole.len() / 2]));
        let parts = match state.load(Ordering::Relaxed) {
            true => vec![half, Err("the cable is cut")],
            false => vec![Ok(Bytes::copy_from_slice(&whole))],
        };
        Body::from_stream(stream::iter(parts))
    };
    let weights = Arc::new(weights);
    let routes = Router::new()
        .route("/www/models/classifier.safetensors", get(move || async move { weights() }))
        .fallback_service(ServeDir::new(ROOT));
    let (_runtime, url) = host(routes);
    page.open(&format!("{url}/www/"), &["error"]);
    let said = page.text("#notice-text");
    assert!(said.contains("classifier.safetensors") && said.contains("try again"), "{said}");
    broken.store(false, Ordering::Relaxed);
    page.click("#notice-retry");
    page.until_state(&["ready"]);
    page.finish(&["ERR_"]);
}

#[test]
fn axe_finds_nothing() {
    // axe-core is no part of this project; .ci/run fetches it and says where it is.
    let Some(axe) = std::env::var_os("AXE") else { return };
    let Some(page) = Page::new(Gpu::None) else { return };
    let server = Server::of_project();
    let cases = [
        ("light", ""),
        ("dark", ""),
        ("light", "&classifier=vgg16"),
        ("light", "&present=1"),
        ("dark", "&present=1"),
    ];
    for (scheme, query) in cases {
        page.tab
            .call_method(headless_chrome::protocol::cdp::Emulation::SetEmulatedMedia {
                media: None,
                features: Some(vec![headless_chrome::protocol::cdp::Emulation::MediaFeature {
                    name: "prefers-color-scheme".to_owned(),
                    value: scheme.to_owned(),
                }]),
            })
            .unwrap();
        page.open(&format!("{}?run=1&max_iter=2{query}", server.url), &["done"]);
        if query.contains("vgg16") {
            page.until("!document.querySelector('#keep-field').hidden");
        } else {
            page.until("!document.querySelector('#population').hidden");
        }
        page.js("document.querySelectorAll('details').forEach(details => details.open = true)");
        page.js("document.querySelector('#all-bars').click()");
        if query.is_empty() {
            page.js("document.querySelector('#many').scrollIntoView()");
            page.until("document.querySelector('#many-go')?.disabled === false");
            page.choose("#many-wanted", "2");
            page.js("document.querySelector('#many-sweeps').click()");
            page.js("document.querySelector('#many-go').click()");
            page.until("document.querySelector('#many-now').textContent.startsWith('Done')");
        }
        page.tab.evaluate(&fs::read_to_string(&axe).unwrap(), false).unwrap();
        let found = page.js("axe.run().then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.target.join(' '))]))");
        assert_eq!(found, serde_json::json!([]), "{scheme} {query}");
    }
    page.finish(&[]);
}

#[test]
fn another_sample_can_be_chosen_while_the_page_loads_and_a_broken_one_is_told() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let (_folder, place) = copy_below("");
    // The third one is no picture on this host.
    let samples = fs::read_to_string(place.join("www/samples.js")).unwrap();
    let (_, list) = samples.split_once("SAMPLES = [").unwrap();
    let third = list.split('\'').nth(5).unwrap();
    fs::write(place.join("www/samples").join(format!("{third}.png")), "no picture").unwrap();
    let server = Server::start(&place);
    page.tab.navigate_to(&server.url).unwrap().wait_until_navigated().unwrap();
    page.js("document.querySelectorAll('#samples input')[1].click()");
    page.until_state(&["ready"]);
    let second = page.js("document.querySelectorAll('#samples input')[1].value");
    let (class, _) = second.as_str().unwrap().split_once('-').unwrap();
    page.until(&format!("document.querySelector('#original').ariaLabel.includes('{class}')"));
    page.until(&format!(
        "document.querySelector('#headline').textContent.toLowerCase().startsWith('{class}')"
    ));
    // The second one stays.
    page.js("document.querySelectorAll('#samples input')[2].click()");
    page.until("document.querySelector('#notice-text').textContent.includes('not a picture')");
    page.until_state(&["ready"]);
    page.finish(&[]);
}

#[test]
fn no_call_from_javascript_runs_static_constructors() {
    // The linker lets every export run all of them first when nothing names them: 0.45 ms for each call and each value
    // that crosses. Then the export is a wrapper, which it calls NAME.command_export, and there is no
    // `__wasm_call_ctors`. Where that is exported, load.js calls it once.
    let Some(page) = Page::new(Gpu::None) else { return };
    let server = Server::of_project();
    page.tab.navigate_to(&server.url).unwrap().wait_until_navigated().unwrap();
    for module in ["second_look", "second_look_gpu", "second_look_draw"] {
        let exports = page.js(&format!(
            "WebAssembly.compileStreaming(fetch('../pkg/{module}_bg.wasm'))\
             .then(module => WebAssembly.Module.exports(module).map(({{ name, kind }}) => [name, kind]))"
        ));
        let exports: Vec<(String, String)> = serde_json::from_value(exports).unwrap();
        let constructors = ("__wasm_call_ctors".to_owned(), "function".to_owned());
        assert!(
            exports.contains(&constructors),
            "{module} exports no __wasm_call_ctors: run scripts/build-web.sh"
        );
    }
    page.until_state(&["ready"]);
    page.finish(&[]);
}
