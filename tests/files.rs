//! Files: what is written comes back; what is damaged, foreign or missing is one clear error.

use std::fs;
use std::path::Path;

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use second_look::class::Class;
use second_look::data::Pictures;
use second_look::data::stl10::Stl10;
use second_look::defence::Defence;
use second_look::detector::{Detector, ScoreConfig};
use second_look::model::card::{Architecture, Card};
use second_look::model::weights;
use second_look::model::{AutoencoderConfig, Classifier, ClassifierConfig, Head, Precision};
use second_look::picture::{PLANE, SIDE, VALUES};

mod weights_files {
    use super::*;

    const COMPACT: AutoencoderConfig = AutoencoderConfig::Compact { channels: 8 };

    fn classifier_file(precision: Precision) -> Vec<u8> {
        saved(&ClassifierConfig::Compact.init(&Device::flex()), precision)
    }

    fn saved(classifier: &Classifier, precision: Precision) -> Vec<u8> {
        let card = Card::new(Architecture::Classifier(ClassifierConfig::Compact));
        weights::save(classifier, &card, precision).unwrap()
    }

    fn autoencoder_file(detector: Option<Detector>) -> Vec<u8> {
        let card = Card { detector, ..Card::new(Architecture::Autoencoder(COMPACT)) };
        weights::save(&COMPACT.init(&Device::flex()), &card, Precision::F32).unwrap()
    }

    fn logits(bytes: &[u8]) -> Vec<f32> {
        let device = Device::flex();
        let (classifier, _) = weights::load_classifier(bytes, &device).unwrap();
        let x = Tensor::ones([1, 3, 96, 96], &device) * 0.3;
        classifier.forward(x).into_data().try_to_vec().unwrap()
    }

    /// One tensor of a file: its name, type, shape and bytes.
    type Entry = (String, Dtype, Vec<usize>, Vec<u8>);

    fn entries(bytes: &[u8]) -> Vec<Entry> {
        let file = SafeTensors::deserialize(bytes).unwrap();
        file.iter()
            .map(|(name, v)| (name.to_owned(), v.dtype(), v.shape().to_vec(), v.data().to_vec()))
            .collect()
    }

    /// The file with its tensors changed.
    fn edited(bytes: &[u8], edit: impl FnOnce(&mut Vec<Entry>)) -> Vec<u8> {
        let (_, metadata) = SafeTensors::read_metadata(bytes).unwrap();
        let mut entries = entries(bytes);
        edit(&mut entries);
        let views = entries.iter().map(|(name, dtype, shape, data)| {
            (name.as_str(), TensorView::new(*dtype, shape.clone(), data).unwrap())
        });
        serialize(views, metadata.metadata().clone()).unwrap()
    }

    #[track_caller]
    fn refused(bytes: &[u8], because: &[&str]) {
        let message = weights::load_classifier(bytes, &Device::flex()).unwrap_err().to_string();
        assert!(because.iter().all(|word| message.contains(word)), "{message}");
        assert!(!message.contains('\n'), "more than a sentence: {message}");
    }

    #[test]
    fn weights_come_back_in_32_bits_exactly_and_in_fewer_nearly() {
        let device = Device::flex();
        let fresh = ClassifierConfig::Compact.init(&device);
        let x = Tensor::ones([1, 3, 96, 96], &device) * 0.3;
        let before: Vec<f32> = fresh.forward(x).into_data().try_to_vec().unwrap();
        let exact = saved(&fresh, Precision::F32);
        assert_eq!(logits(&exact), before);
        let largest = before.iter().fold(0.0f32, |m, v| m.max(v.abs()));
        for (precision, per_cent, error) in [(Precision::F16, 51, 0.01), (Precision::I8, 27, 0.05)]
        {
            let smaller = saved(&fresh, precision);
            assert!(smaller.len() < exact.len() * per_cent / 100);
            let (network, _) = weights::load_classifier(&smaller, &device).unwrap();
            let again = saved(&network, Precision::F32);
            for (name, _, shape, data) in entries(&exact) {
                let outputs = if shape.len() > 1 { shape[0] } else { 1 };
                let slices = |data: &[u8]| -> Vec<Vec<f32>> {
                    let floats = data.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b));
                    let floats: Vec<f32> = floats.collect();
                    floats.chunks(floats.len() / outputs).map(<[f32]>::to_vec).collect()
                };
                let came_back = entries(&again).into_iter().find(|e| e.0 == name).unwrap().3;
                for (old, new) in slices(&data).iter().zip(&slices(&came_back)) {
                    let largest = old.iter().fold(0.0f32, |m, v| m.max(v.abs()));
                    for (a, b) in old.iter().zip(new) {
                        // Half of the distance between neighbours: 11 bits of each number, or 255 steps of a slice.
                        let half = match precision {
                            Precision::I8 if shape.len() > 1 => largest / 254.0 * 1.0001,
                            Precision::I8 => 0.0,
                            _ => a.abs() / 2048.0 + 3e-8,
                        };
                        assert!((a - b).abs() <= half, "{precision:?}, {name}: {a} {b}");
                    }
                }
            }
            for (a, b) in logits(&smaller).iter().zip(&before) {
                assert!((a - b).abs() < error * largest, "{precision:?}: {a} {b}");
            }
        }
    }

    #[test]
    fn names_and_layouts_are_pytorch_s() {
        let bytes = classifier_file(Precision::F32);
        let file = SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(file.tensor("features.0.weight").unwrap().shape(), [32, 3, 3, 3]);
        assert_eq!(file.tensor("features.1.running_var").unwrap().shape(), [32]);
        assert_eq!(file.tensor("classifier.0.weight").unwrap().shape(), [10, 256]); // [out, in]
        let bytes = autoencoder_file(None);
        let file = SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(file.tensor("decoder.3.weight").unwrap().shape(), [64, 32, 4, 4]); // [in, out, k, k]
    }

    #[test]
    fn the_card_comes_back() {
        let detector = Detector { score: ScoreConfig::default(), threshold: 0.25 };
        let card = Card::read(&autoencoder_file(Some(detector))).unwrap();
        assert_eq!(card.architecture, Architecture::Autoencoder(COMPACT));
        assert_eq!(card.detector().unwrap(), detector);
    }

    #[test]
    fn pytorch_s_count_of_batches_is_ignored() {
        let plain = classifier_file(Precision::F32);
        let with_count = edited(&plain, |entries| {
            let count = 7i64.to_le_bytes().to_vec();
            entries.push(("features.1.num_batches_tracked".to_owned(), Dtype::I64, vec![], count));
        });
        assert_eq!(logits(&with_count), logits(&plain));
    }

    #[test]
    fn damaged_and_foreign_files_are_refused() {
        let good = classifier_file(Precision::F32);
        refused(&good[..good.len() / 2], &["damaged"]);
        refused(b"", &["damaged"]);
        refused(b"\xff\xff\xff\xff\xff\xff\xff\x7f{}", &["damaged"]);
        refused(&[0x42; 5000], &["damaged"]);
        let no_card = serialize(Vec::<(&str, TensorView)>::new(), None).unwrap();
        refused(&no_card, &["says nothing about its network"]);
        refused(&autoencoder_file(None), &["classifier is wanted", "autoencoder (compact"]);
        refused(
            &edited(&good, |e| e.retain(|t| t.0 != "features.0.bias")),
            &["no tensor", "features.0.bias"],
        );
        refused(&edited(&good, |e| e[0].0 = "stranger".to_owned()), &["no tensor"]);
        refused(
            &edited(&good, |e| e.push(("more".to_owned(), Dtype::F32, vec![1], vec![0; 4]))),
            &["no place", "more"],
        );
        let shape = |e: &mut Vec<Entry>| {
            let bias = e.iter_mut().find(|t| t.0 == "classifier.0.bias").unwrap();
            (bias.2, bias.3) = (vec![5], vec![0; 20]);
        };
        refused(&edited(&good, shape), &["classifier.0.bias", "[5]", "[10]"]);
        for (dtype, bad) in [
            (Dtype::F32, f32::NAN.to_le_bytes().to_vec()),
            (Dtype::F32, f32::INFINITY.to_le_bytes().to_vec()),
        ] {
            let poison = |e: &mut Vec<Entry>| {
                let bias = e.iter_mut().find(|t| t.0 == "classifier.0.bias").unwrap();
                assert_eq!(bias.1, dtype);
                bias.3[8..12].copy_from_slice(&bad);
            };
            refused(&edited(&good, poison), &["classifier.0.bias", "not finite"]);
        }
        let half = edited(&classifier_file(Precision::F16), |e| {
            let bias = e.iter_mut().find(|t| t.0 == "classifier.0.bias").unwrap();
            bias.3[2..4].copy_from_slice(&[0x00, 0xfc]); // minus infinity
        });
        refused(&half, &["not finite"]);
        let whole = edited(&good, |e| {
            let bias = e.iter_mut().find(|t| t.0 == "classifier.0.bias").unwrap();
            bias.1 = Dtype::I32;
        });
        refused(&whole, &["I32", "F32, F16 or I8"]);
        let eight = classifier_file(Precision::I8);
        let scale = "features.0.weight.scale";
        refused(&edited(&eight, |e| e.retain(|t| t.0 != scale)), &[scale, "missing or do not fit"]);
        let short = edited(&eight, |e| {
            let scales = e.iter_mut().find(|t| t.0 == scale).unwrap();
            (scales.2, scales.3) = (vec![2], vec![0; 8]);
        });
        refused(&short, &[scale, "missing or do not fit"]);
        let endless = edited(&eight, |e| {
            let scales = e.iter_mut().find(|t| t.0 == scale).unwrap();
            scales.3[..4].copy_from_slice(&f32::INFINITY.to_le_bytes());
        });
        refused(&endless, &["features.0.weight", "not finite"]);
    }

    #[test]
    fn learning_starts_from_other_weights_but_for_a_layer_of_other_classes() {
        let device = Device::flex();
        let [given, fresh] =
            [1, 2].map(|seed| ClassifierConfig::Compact.init_seeded(seed, &device));
        let tensor = |network: &Classifier, name: &str| {
            let bytes = saved(network, Precision::F32);
            SafeTensors::deserialize(&bytes).unwrap().tensor(name).unwrap().data().to_vec()
        };
        let (first, head) = ("features.0.weight", "classifier.0.weight");
        let ten = saved(&given, Precision::F32);
        let thousand = edited(&ten, |entries| {
            for (name, _, shape, data) in entries.iter_mut() {
                if name.starts_with("classifier.0.") {
                    shape[0] = 1000;
                    *data = data.repeat(100);
                }
            }
        });
        let features = edited(&ten, |entries| entries.retain(|t| t.0.starts_with("features.")));
        let missing = |file| weights::missing_head(&fresh, file).unwrap();
        let started = weights::start_classifier(fresh.clone(), &ten).unwrap();
        assert!(tensor(&started, head) == tensor(&given, head));
        assert_eq!(missing(&ten), None);
        for (file, expected) in [(&thousand, Head::LastLayer), (&features, Head::AllDense)] {
            let started = weights::start_classifier(fresh.clone(), file).unwrap();
            assert!(tensor(&started, first) == tensor(&given, first));
            assert!(tensor(&started, head) == tensor(&fresh, head));
            assert_eq!(missing(file), Some(expected));
        }
        // Only the dense layers may be missing, and to be used, not only to be started from, they must be there.
        for file in [&thousand, &features] {
            let without = edited(file, |entries| entries.retain(|t| t.0 != first));
            assert!(weights::start_classifier(fresh.clone(), &without).is_err());
            refused(file, &["classifier.0"]);
        }
    }

    /// Tensors of zeros in 8 bits. Only the header is written: memory that is zero and never read costs nothing.
    fn zeros(tensors: &[(&str, [usize; 2])]) -> Vec<u8> {
        let mut end = 0;
        let mut entries = Vec::new();
        for (name, [rows, columns]) in tensors {
            let begin = end;
            end += rows * columns;
            entries.push(format!(
                "\"{name}\":{{\"dtype\":\"I8\",\"shape\":[{rows},{columns}],\"data_offsets\":[{begin},{end}]}}"
            ));
        }
        let text = format!("{{{}}}", entries.join(","));
        let header = [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat();
        let mut bytes = vec![0; header.len() + end];
        bytes[..header.len()].copy_from_slice(&header);
        bytes
    }

    #[test]
    fn vgg16_s_dense_layers_are_taken_where_they_are_the_same() {
        let torchvision = zeros(&[
            ("classifier.0.weight", [4096, 25088]),
            ("classifier.3.weight", [4096, 4096]),
            ("classifier.6.weight", [1000, 4096]),
        ]);
        let small = |classes| {
            zeros(&[("classifier.0.weight", [512, 4608]), ("classifier.3.weight", [classes, 512])])
        };
        let missing = |config: ClassifierConfig, file: &[u8]| {
            weights::missing_head(&config.init(&Device::flex()), file).unwrap()
        };
        let (large_network, small_network) =
            (ClassifierConfig::Vgg16, ClassifierConfig::Vgg16Small);
        assert_eq!(missing(large_network, &torchvision), Some(Head::LastLayer));
        assert_eq!(missing(large_network, &small(10)), Some(Head::AllDense));
        assert_eq!(missing(small_network, &torchvision), Some(Head::AllDense));
        assert_eq!(missing(small_network, &small(1000)), Some(Head::LastLayer));
        assert_eq!(missing(small_network, &small(10)), None);
        let nothing = zeros(&[]);
        assert_eq!(missing(large_network, &nothing), Some(Head::AllDense));
    }

    #[test]
    fn a_frozen_network_learns_in_its_head_alone() {
        let device = Device::flex().autodiff();
        let learning = |network: &Classifier| {
            let x = Tensor::<4>::ones([1, 3, 96, 96], &device) * 0.3;
            let gradients = network.forward(x).square().sum().backward();
            GradientsParams::from_grads(gradients, network).len()
        };
        // Weights and biases of the dense layers; beside them, of the convolutions and their normalisation.
        for (config, dense, others) in
            [(ClassifierConfig::Compact, 1, 6 * 4), (ClassifierConfig::Vgg16Small, 2, 13 * 2)]
        {
            let network = config.init(&device);
            let last = network.with_frozen_body(Head::LastLayer);
            assert_eq!(learning(&last), 2, "{config}");
            // From one head to another, and from there to the whole network.
            let all_dense = last.with_frozen_body(Head::AllDense);
            assert_eq!(learning(&all_dense), 2 * dense, "{config}");
            assert_eq!(learning(&all_dense.unfreeze()), 2 * dense + others, "{config}");
        }
    }

    #[test]
    fn a_card_says_whose_weights_its_own_were_trained_from() {
        let file = |card: Card| {
            let network = AutoencoderConfig::Compact { channels: 1 }.init(&Device::flex());
            weights::save(&network, &card, Precision::F32).unwrap()
        };
        let architecture = Architecture::Autoencoder(AutoencoderConfig::Compact { channels: 1 });
        let own = Card::new(architecture);
        let theirs = own.clone().with_origin(Some("Somebody 2015, CC BY".to_owned()));
        assert_eq!(own.clone().with_origin(None), own);
        assert!(theirs.licence.contains("origin") && !own.licence.contains("origin"));
        let bytes = file(theirs.clone());
        assert_eq!(Card::read(&bytes).unwrap(), theirs);
        assert_eq!(Card::origin_in(&bytes), theirs.origin);
        let converted = weights::convert(&bytes, Precision::I8).unwrap();
        assert_eq!(Card::origin_in(&converted), theirs.origin);
        // Without a card, the file's metadata may say it; with one, the card does.
        let says = |also: Option<String>| {
            let mut metadata = std::collections::HashMap::new();
            metadata.insert("origin".to_owned(), "Somebody else".to_owned());
            metadata.extend(also.map(|card| ("second-look".to_owned(), card)));
            let none: Vec<(String, TensorView<'_>)> = Vec::new();
            Card::origin_in(&serialize(none, Some(metadata)).unwrap())
        };
        assert_eq!(says(None).as_deref(), Some("Somebody else"));
        assert_eq!(says(Some(serde_json::to_string(&own).unwrap())), None);
        assert_eq!(Card::origin_in(b"no weights"), None);
        assert!(
            !serde_json::to_string(&own).unwrap().contains("\"origin\""),
            "older programs read it"
        );
    }

    /// A `.pth` file as `torch.save` writes it: a state dict of tensors named w0, w1, ... with this shape and these
    /// strides, over one storage of `stored` floats.
    fn pth(tensors: usize, shape: [u32; 2], strides: [u32; 2], stored: u32) -> Vec<u8> {
        let text =
            |text: &str| [b"X", &(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat();
        let int = |n: u32| [b"J", &n.to_le_bytes()[..]].concat();
        let pair = |pair: [u32; 2]| [b"(", &pair.map(int).concat()[..], b"t"].concat();
        let mut pickle = b"\x80\x02}".to_vec();
        for i in 0..tensors {
            pickle.extend(text(&format!("w{i}")));
            pickle.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
            pickle.extend(text("storage"));
            pickle.extend(b"ctorch\nFloatStorage\n");
            pickle.extend([text("0"), text("cpu"), int(stored), b"tQ".to_vec(), int(0)].concat());
            pickle.extend([pair(shape), pair(strides)].concat());
            pickle.extend(b"\x89ccollections\nOrderedDict\n)RtRs");
        }
        pickle.push(b'.');
        zip(&[
            ("archive/data.pkl", pickle),
            ("archive/data/0", 0.5f32.to_le_bytes().repeat(stored as usize)),
            ("archive/version", b"3\n".to_vec()),
        ])
    }

    /// A ZIP archive of uncompressed files.
    fn zip(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let (mut archive, mut directory) = (Vec::new(), Vec::new());
        for (name, data) in files {
            let size = (data.len() as u32).to_le_bytes();
            let mut facts = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0]; // version, flags, method, time, date
            facts.extend(crc32fast::hash(data).to_le_bytes());
            facts.extend([size, size].concat());
            facts.extend((name.len() as u16).to_le_bytes());
            facts.extend([0, 0]); // no extra field
            let offset = (archive.len() as u32).to_le_bytes();
            archive.extend([b"PK\x03\x04", &facts[..], name.as_bytes(), data].concat());
            directory.extend(
                [b"PK\x01\x02\x14\0", &facts[..], &[0; 10], &offset, name.as_bytes()].concat(),
            );
        }
        let count = (files.len() as u16).to_le_bytes();
        let (start, size) = (archive.len() as u32, directory.len() as u32);
        archive.extend([directory, b"PK\x05\x06\0\0\0\0".to_vec()].concat());
        archive.extend([count, count].concat());
        archive.extend([size.to_le_bytes(), start.to_le_bytes()].concat());
        archive.extend([0, 0]);
        archive
    }

    #[test]
    fn views_far_larger_than_the_file_are_refused_before_they_are_expanded() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let read = |bytes: Vec<u8>| {
            fs::write(file.path(), bytes).unwrap();
            second_look::model::pytorch::state_dict(file.path())
        };
        let plain = read(pth(1, [2, 3], [3, 1], 6)).unwrap();
        assert_eq!(SafeTensors::deserialize(&plain).unwrap().tensor("w0").unwrap().shape(), [2, 3]);
        // Two tensors that share their storage are as usual as one.
        assert!(read(pth(2, [1000, 1000], [1000, 1], 1_000_000)).is_ok());
        for bytes in [
            pth(1, [10_000, 100_000], [0, 0], 1), // 4 GB of one float
            pth(1, [1000, 1000], [0, 1], 1000),
            pth(30, [1000, 1000], [1000, 1], 1_000_000), // 120 MB of 4
        ] {
            let error = read(bytes).unwrap_err().to_string();
            assert!(error.contains("its tensors come to"), "{error}");
        }
    }

    #[test]
    fn a_defence_needs_a_threshold() {
        let classifier = classifier_file(Precision::F32);
        let error = Defence::load(&classifier, &autoencoder_file(None), None, &Device::flex())
            .err()
            .unwrap();
        assert!(error.to_string().contains("threshold"), "{error}");
    }
}

mod stl10_files {
    use super::*;

    /// A folder with the split `train`: these labels, and pictures whose bytes say where they stand.
    fn folder(labels: &[u8]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = Vec::new();
        for picture in 0..labels.len() {
            for channel in 0..3 {
                for x in 0..SIDE {
                    for y in 0..SIDE {
                        bytes.push((picture * 7 + channel * 50 + 2 * x + y) as u8);
                    }
                }
            }
        }
        fs::write(folder.path().join("train_X.bin"), bytes).unwrap();
        fs::write(folder.path().join("train_y.bin"), labels).unwrap();
        folder
    }

    #[track_caller]
    fn refused(folder: &Path, because: &[&str]) {
        let message = Stl10::open(folder, "train").unwrap_err().to_string();
        for word in because.iter().chain(&["expected", "found"]) {
            assert!(message.contains(word), "{message}");
        }
    }

    #[test]
    fn columns_of_the_file_become_rows() {
        let folder = folder(&[1, 10, 3]);
        let pictures = Stl10::open(folder.path(), "train").unwrap();
        assert_eq!(pictures.labels(), [Class::Airplane, Class::Truck, Class::Car]);
        let mut bytes = [0; VALUES];
        for picture in [2, 0, 1] {
            pictures.read(picture, &mut bytes).unwrap();
            for channel in 0..3 {
                for (y, x) in [(0, 0), (0, 95), (95, 0), (17, 40)] {
                    let expected = (picture * 7 + channel * 50 + 2 * x + y) as u8;
                    assert_eq!(bytes[channel * PLANE + y * SIDE + x], expected);
                }
            }
        }
    }

    #[test]
    fn the_folder_of_the_archive_is_found() {
        let inner = folder(&[1, 2]);
        let outer = tempfile::tempdir().unwrap();
        fs::create_dir(outer.path().join("stl10_binary")).unwrap();
        for file in ["train_X.bin", "train_y.bin"] {
            fs::copy(inner.path().join(file), outer.path().join("stl10_binary").join(file))
                .unwrap();
        }
        assert_eq!(Stl10::open(outer.path(), "train").unwrap().len(), 2);
    }

    #[test]
    fn unlabelled_pictures_need_no_labels() {
        let folder = folder(&[1, 2]);
        fs::rename(folder.path().join("train_X.bin"), folder.path().join("unlabeled_X.bin"))
            .unwrap();
        let pictures = Stl10::open(folder.path(), "unlabeled").unwrap();
        assert_eq!((pictures.len(), pictures.labels().len()), (2, 0));
    }

    #[test]
    fn a_file_that_shrinks_while_it_is_read_is_named() {
        let folder = folder(&[1, 2, 3]);
        let pictures = Stl10::open(folder.path(), "train").unwrap();
        let path = folder.path().join("train_X.bin");
        fs::File::options().write(true).open(path).unwrap().set_len(VALUES as u64 + 5).unwrap();
        pictures.read(0, &mut [0; VALUES]).unwrap();
        let error = pictures.read(1, &mut [0; VALUES]).unwrap_err().to_string();
        for words in ["train_X.bin", "3 pictures", "its end in picture 1"] {
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn what_does_not_fit_the_layout_is_named() {
        refused(Path::new("nowhere"), &["nowhere", "train_X.bin", "no such file"]);
        let folder = folder(&[1, 2, 3]);
        let (x, y) = (folder.path().join("train_X.bin"), folder.path().join("train_y.bin"));
        for (labels, words) in [
            (vec![1, 2], ["train_y.bin", "3 labels", "2 labels"]),
            (vec![1, 2, 0], ["train_y.bin", "labels 1 to 10", "0 at index 2"]),
            (vec![1, 11, 2], ["train_y.bin", "labels 1 to 10", "11 at index 1"]),
        ] {
            fs::write(&y, labels).unwrap();
            refused(folder.path(), &words);
        }
        fs::remove_file(&y).unwrap();
        refused(folder.path(), &["train_y.bin", "no such file"]);
        fs::write(&x, vec![0; VALUES + 5]).unwrap();
        refused(folder.path(), &["train_X.bin", "27648", "27653 bytes", "5 too many"]);
        fs::write(&x, b"").unwrap();
        refused(folder.path(), &["train_X.bin", "0 bytes"]);
        fs::remove_file(&x).unwrap();
        fs::create_dir(&x).unwrap();
        refused(folder.path(), &["train_X.bin", "found a folder"]);
    }
}
