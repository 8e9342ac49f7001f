//! The experiment with many pictures, mostly apart from its computing: `fake.js` answers in place of the networks.

use std::fs;
use std::path::Path;

use second_look::class::Class;
use second_look::data::Pictures;
use second_look::data::synthetic::{Drawn, draw};
use second_look::picture::{PLANE, Picture, SIDE, VALUES};
use serde_json::{Value, json};

use crate::ROOT;
use crate::browser::{Gpu, Page, Server};
use crate::faked::Host;

const NOW: &str = "document.querySelector('#many-now').textContent";

fn open(page: &Page, host: &Host) {
    page.open(&format!("{}?max_iter=2", host.url), &["ready"]);
    page.click("#many summary");
    page.until("document.querySelector('#many-go')?.disabled === false");
}

/// What the table counts, in its order.
fn counted(page: &Page) -> Value {
    page.js("[...document.querySelectorAll('#many-figures tbody tr')].filter(row => !row.hidden).map(row => row.cells[1].textContent)")
}

/// How many pictures failed, by how they did.
fn failed(page: &Page) -> Value {
    page.js("[...document.querySelectorAll('#many-failed h4')].map(title => title.textContent)")
}

#[test]
fn many_samples_are_counted_and_what_came_of_them_is_saved() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    page.open(&host.url, &["ready"]);
    // A first visit loads nothing of it.
    let loaded = "performance.getEntriesByType('resource').some(({ name }) => name.includes('/www/later/many/'))";
    assert_eq!(page.js(loaded), false);

    // Where it does not come, that is told.
    host.miss("/www/later/many/view.js");
    page.click("#many summary");
    page.until("document.querySelector('#many').textContent.includes('could not be loaded')");
    host.serve("/www/later/many/view.js");

    open(&page, &host);
    page.click("#many-go");
    page.until(&format!("{NOW}.startsWith('Done: 20 of 20 pictures')"));
    // The fake takes every sample for an airplane, and after the attack for a bird, which is noticed; its corrector says car.
    let expected = ["2 of 20", "0 of 20", "2 of 2", "2 of 2", "0 of 2", "20 of 20", "2 of 20"];
    assert_eq!(counted(&page), json!(expected));
    assert_eq!(failed(&page)[1], "Detected, and corrected wrongly: 2");
    assert!(page.text("#many-figures-name").contains("knows the classifier only; 20 pictures"));
    assert_eq!(page.js("document.querySelector('#many-status').getAttribute('role')"), "status");
    // The threshold above judges these pictures, too.
    page.choose("#threshold", "1000");
    page.until(
        "document.querySelector('#many-failed h4').textContent === 'Fooled and not detected: 2'",
    );
    page.click("#threshold-reset");
    page.until(
        "document.querySelector('#many-failed h4').textContent === 'Fooled and not detected: 0'",
    );

    page.click("#many-csv");
    let table = String::from_utf8(page.saved("second-look-many.csv")).unwrap();
    assert_eq!(table.lines().count(), 21);
    assert!(table.starts_with("picture,index,class,clean_prediction"), "{table}");
    page.click("#many-json");
    let all: Value = serde_json::from_slice(&page.saved("second-look-many.json")).unwrap();
    assert_eq!(all["figures"]["fooled"]["count"], 2);
    assert_eq!(all["attacker"], "classifier");
    page.click("#many-png");
    assert!(page.saved("second-look-many.png").starts_with(b"\x89PNG"));

    // What is pressed is the page's picture now.
    page.js("document.querySelectorAll('.many-small')[1].click()");
    page.until("document.querySelector('#samples :checked').value === 'airplane-16'");
    page.until_state(&["ready"]);
    assert_eq!(page.js("document.activeElement.id"), "stage");
    page.finish(&["404"]);
}

#[test]
fn a_file_of_stl_10_is_read_in_slices_and_its_labels_count() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    open(&page, &host);
    let choose = |files: &[&str]| {
        page.tab.wait_for_element("#many-files").unwrap().set_input_files(files).unwrap();
    };
    // The fake's pictures are 8 x 8; its first value says how the picture is, the second one (in the next column) its class.
    let picture = |word: f32, class: f32| {
        let mut bytes = vec![128_u8; 3 * 8 * 8];
        (bytes[0], bytes[8]) = ((word * 25.5).round() as u8, (class * 25.5).round() as u8);
        bytes
    };
    let pictures = [picture(0.0, 3.0), picture(1.0, 3.0), picture(0.0, 5.0)].concat();
    let pixels = host.file("test_X.bin", &pictures);
    let labels = host.file("test_y.bin", [4, 4, 4]);
    let few = host.file("few_y.bin", [4]);
    let [pixels, labels, few] = [&pixels, &labels, &few].map(|path| path.to_str().unwrap());

    choose(&[pixels, few]);
    page.until("document.querySelector('#many-problem').textContent.includes('expected 3 labels, found 1')");
    choose(&[pixels, labels]);
    page.until("document.querySelector('#many-own').checked");
    page.click("#many-go");
    page.until(&format!("{NOW}.startsWith('Done: 3 of 3 pictures')"));
    // Cat, a cat that was attacked before (a false alarm), and a dog with a cat's label.
    let shares = counted(&page);
    assert_eq!([&shares[0], &shares[1], &shares[2]], ["2 of 3", "1 of 3", "2 of 2"]);
    assert_eq!(failed(&page)[2], "False alarms: 1");

    // One that is pressed is opened as any other file.
    page.js("[...document.querySelectorAll('.many-small')].at(-1).click()");
    page.until("document.querySelector('#original').getAttribute('aria-label') === 'The original: your picture'");

    // Without labels nothing is said of accuracy.
    choose(&[pixels]);
    page.until("document.querySelector('#many-problem').hidden");
    page.click("#many-go");
    page.until(&format!("{NOW}.startsWith('Done: 3 of 3 pictures')"));
    page.until("!document.querySelector('#many-labels').hidden");
    assert_eq!(counted(&page).as_array().unwrap().len(), 6);
    page.finish(&["404"]);
}

#[test]
fn the_module_that_draws_draws_what_the_program_draws() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let server = Server::of_project();
    page.open(&server.url, &["ready"]);
    page.js("import('/pkg/second_look_draw.js').then(async module => { \
             (await module.default()).__wasm_call_ctors?.(); globalThis.drawing = module; })");
    for split_seed in [0, 7, u32::MAX] {
        let first = page.js(&format!("String(drawing.first_seed({split_seed}))"));
        assert_eq!(first, Drawn::first_test_seed(split_seed.into()).to_string());
    }
    for class in Class::ALL {
        for seed in [0, 7, Drawn::first_test_seed(3) + 5, u64::MAX] {
            let native = Picture::from_rgb(&draw(class, seed));
            let bytes: Vec<u8> = native.values().iter().flat_map(|v| v.to_le_bytes()).collect();
            let sum = page.js(&format!(
                "crypto.subtle.digest('SHA-256', drawing.draw('{class}', {seed}n)).then(sum => \
                 Array.from(new Uint8Array(sum), byte => byte.toString(16).padStart(2, '0')).join(''))"
            ));
            assert_eq!(sum, page_manifest::sha256(&bytes), "{class} {seed}");
        }
    }
    page.finish(&[]);
}

#[test]
fn drawn_pictures_are_as_many_as_wanted_and_called_drawn() {
    const MODULE: &str = "/pkg/second_look_draw.js";
    let Some(page) = Page::new(Gpu::None) else { return };
    let host = Host::start();
    host.miss(MODULE);
    open(&page, &host);
    page.click("#many-drawn");
    page.click("#many-go");
    page.until("document.querySelector('#many-problem').textContent.includes('the part that draws could not be loaded')");

    // Pictures as the fake's networks see them: of the class that is asked for.
    host.script(
        MODULE,
        "export default async () => ({}); export const first_seed = (seed) => BigInt(seed) * 10n;
         export const draw = (label) => new Float32Array(192).fill(0.5).with(0, 0).with(1, ['cat', 'dog'].indexOf(label) * 0.2 + 0.3);",
    );
    open(&page, &host);
    page.choose("#many-label", "dog");
    page.choose("#many-seed", "4294967296");
    page.until("!document.querySelector('#many-seed').validity.valid");
    page.choose("#many-seed", "3");
    page.choose("#many-wanted", "4");
    page.until("document.querySelector('#many-drawn').checked");
    page.click("#many-go");
    page.until(&format!("{NOW}.startsWith('Done: 4 of 4 pictures')"));
    assert_eq!(counted(&page)[0], "4 of 4");
    assert!(page.text("#many-figures-name").contains("4 pictures that are drawn, not photographs"));
    page.click("#many-json");
    let all: Value = serde_json::from_slice(&page.saved("second-look-many.json")).unwrap();
    assert_eq!(
        [&all["pictures"]["source"], &all["pictures"]["drawn"]],
        [&json!("drawn"), &json!(true)]
    );
    assert_eq!([&all["rows"][3]["name"], &all["rows"][3]["label"]], ["dog-33", "dog"]);
    page.click("#many-csv");
    let table = String::from_utf8(page.saved("second-look-many.csv")).unwrap();
    let mut lines = table.lines();
    assert!(lines.next().unwrap().ends_with(",familiar,drawn"), "{table}");
    assert!(lines.all(|line| line.ends_with(",true")), "{table}");
    page.finish(&["404"]);
}

/// STL-10's test split of these pictures.
fn write_stl10(folder: &Path, pictures: &Drawn) {
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for (index, class) in pictures.labels().iter().enumerate() {
        let mut rows = [0; VALUES];
        pictures.read(index, &mut rows).unwrap();
        for plane in rows.chunks_exact(PLANE) {
            pixels.extend((0..PLANE).map(|i| plane[i % SIDE * SIDE + i / SIDE]));
        }
        labels.push(class.index() as u8 + 1);
    }
    fs::write(folder.join("test_X.bin"), pixels).unwrap();
    fs::write(folder.join("test_y.bin"), labels).unwrap();
}

#[test]
fn stl_10_of_this_computer_is_there_where_the_server_offers_it() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let folder = tempfile::tempdir().unwrap();
    let pictures = Drawn::test(3, 0);
    write_stl10(folder.path(), &pictures);
    let server = Server::with(Path::new(ROOT), &["--data", folder.path().to_str().unwrap()]);
    let open = |url: &str| {
        page.open(&format!("{url}?max_iter=1&backend=cpu"), &["ready"]);
        page.click("#many summary");
        page.until("document.querySelector('#many-go')?.disabled === false");
    };
    open(&server.url);
    page.until("!document.querySelector('#many-offer').hidden");
    page.click("#many-computer");
    page.until("document.querySelector('#many-attack').textContent.startsWith('3 pictures')");
    page.click("#many-go");
    page.until(&format!("{NOW}.startsWith('Done: 3 of 3 pictures')"));
    let setting = page.text("#many-setting");
    assert!(setting.contains("3 photographs of test_X.bin on this computer"), "{setting}");
    assert!(setting.contains("trained on pictures of this file"), "{setting}");
    page.click("#many-json");
    let all: Value = serde_json::from_slice(&page.saved("second-look-many.json")).unwrap();
    for (index, label) in pictures.labels().iter().enumerate() {
        let row = &all["rows"][index];
        assert_eq!(row["label"], label.name());
        let picture = pictures.picture(index).unwrap().to_tensor(crate::defence().device());
        let native = pollster::block_on(crate::defence().detect(picture)).unwrap();
        let prediction = crate::numbers(&row["clean"]["prediction"]);
        for (a, b) in prediction.iter().zip(&native.verdicts[0].prediction) {
            assert!((a - b).abs() < 2e-3, "{index}: {prediction:?}");
        }
    }
    drop(server);

    let server = Server::of_project();
    open(&server.url);
    assert_eq!(page.js("fetch('/data.json').then(answer => answer.json())"), json!([]));
    assert_eq!(page.js("document.querySelector('#many-offer').hidden"), true);
    page.finish(&[]);
}
