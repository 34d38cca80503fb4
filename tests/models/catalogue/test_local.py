"""A host's own checkpoints in HEEDMAP_MODELS."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from heedmap import models, viz
from heedmap.errors import CheckpointError
from heedmap.models.catalogue import local
from heedmap.models.loading import build

from tests import checkpoints
from tests.checkpoints import Files

TOML = 'architecture = "test_vit"\n'


@pytest.fixture
def shelf(machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the host's models."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    monkeypatch.setenv("HEEDMAP_MODELS", str(folder))
    return folder


def put(shelf: Path, name: str, toml: str | None, files: Files) -> Path:
    folder = shelf / name
    folder.mkdir()
    for file, content in files.items():
        (folder / file).write_bytes(content)
    if toml is not None:
        (folder / "model.toml").write_text(toml)
    return folder


def weights(files: Files) -> Files:
    return {"model.safetensors": files["model.safetensors"]}


def sentence(id: str) -> str:
    with pytest.raises(CheckpointError) as caught:
        models.load(id)
    return str(caught.value)


def test_an_architecture_and_a_file_are_enough(shelf: Path, tiny_vit: Files) -> None:
    put(shelf, "mine", TOML, weights(tiny_vit))
    put(shelf, "no-model", None, weights(tiny_vit))
    assert models.ids()[-1] == "local:mine"
    record = next(record for record in models.records({"attention"}) if record.id == "local:mine")
    assert (record.id, record.title, record.can) == ("local:mine", "mine", {"attention"})
    assert record.download_bytes == len(tiny_vit["model.safetensors"])
    adapter = models.load("local:mine")
    assert (adapter.id, adapter.patch) == ("local:mine", 16)


def test_everything_that_can_be_said(shelf: Path) -> None:
    files = checkpoints.timm("test_efficientnet", num_classes=2)
    toml = """
        architecture = "test_efficientnet"
        weights = "epoch40.safetensors"
        title = "Ward 7, epoch 40"
        can = ["convolutions"]
        classes = ["healthy", "ill"]
        size = 96
        mean = [0.5, 0.4, 0.3]
        std = [0.1, 0.2, 0.3]
        crop_pct = 0.9
        interpolation = "bilinear"
        licence = "ours"
        note = "Not for patients."
    """
    put(shelf, "ward", toml, {"epoch40.safetensors": files["model.safetensors"]})
    record = models.record("local:ward")
    assert (record.title, record.licence, record.note) == (
        "Ward 7, epoch 40", "ours", "Not for patients.",
    )  # fmt: skip
    adapter = models.load("local:ward")
    assert adapter.classes == ("healthy", "ill")
    how = adapter.preprocessing
    assert (how.size, how.mean, how.std) == (96, (0.5, 0.4, 0.3), (0.1, 0.2, 0.3))
    assert (how.crop_pct, how.interpolation) == (0.9, "bilinear")


def test_model_args_reach_timm(shelf: Path) -> None:
    files = checkpoints.timm("test_vit", depth=3, num_classes=5)
    put(shelf, "deep", TOML + "[model_args]\ndepth = 3\nnum_classes = 5", weights(files))
    adapter = models.load("local:deep")
    assert adapter.depth == 3
    assert adapter.module.num_classes == 5
    assert adapter.classes is None


def test_a_folder_of_transformers_needs_no_architecture(shelf: Path, tiny_clip: Files) -> None:
    put(shelf, "clip", 'title = "Our CLIP"', tiny_clip)
    assert models.record("local:clip").can == {"attention", "contrastive"}
    adapter = models.load("local:clip")
    assert (adapter.title, adapter.depth) == ("Our CLIP", 2)
    assert "text" in adapter.can


def test_a_folder_of_timm_needs_no_architecture(shelf: Path, tiny_vit: Files) -> None:
    put(shelf, "vit", "", tiny_vit)
    assert models.record("local:vit").can == {"attention"}
    assert models.load("local:vit").can >= {"attention"}


@pytest.mark.parametrize(
    ("toml", "can"),
    [
        ('architecture = "vit_base_patch16_224"', {"attention"}),
        ('architecture = "vit_base_patch16_clip_224.openai"', {"attention", "contrastive"}),
        ('architecture = "vit_base_patch16_siglip_224"', {"attention", "contrastive"}),
        ('architecture = "vit_base_patch16_clip_224"\ncan = ["attention"]', {"attention"}),
        (
            'architecture = "vit_small_patch16_224"\ncan = ["attention", "contrastive"]',
            {"attention", "contrastive"},
        ),
        ('architecture = "resnet50_clip"', {"convolutions"}),
    ],
)
def test_what_it_can_do_is_known_from_the_name(toml: str, can: set[str], shelf: Path) -> None:
    put(shelf, "mine", toml, {})
    assert models.record("local:mine").can == can
    assert "local:mine" in [record.id for record in models.records(can)]


def test_only_the_file_that_is_named_is_read(shelf: Path, tiny_vit: Files) -> None:
    files = {"config.json": tiny_vit["config.json"], "pytorch_model.bin": b"code"}
    files["best.safetensors"] = tiny_vit["model.safetensors"]
    put(shelf, "both", 'weights = "best.safetensors"', files)
    assert models.load("local:both").depth > 0


def test_mismatching_keys_are_named(shelf: Path, tiny_vit: Files) -> None:
    toml = 'architecture = "test_vit"\n[model_args]\ndepth = 7\nembed_dim = 64'
    put(shelf, "wrong", toml, weights(checkpoints.timm("test_vit", depth=6)))
    message = sentence("local:wrong")
    assert message == (
        "The weights of wrong do not fit the architecture test_vit: missing blocks.6.norm1.weight, "
        "blocks.6.norm1.bias, blocks.6.attn.qkv.weight and 9 more; name the architecture that they "
        "were trained with."
    )


def test_another_number_of_classes_is_named(shelf: Path) -> None:
    files = checkpoints.timm("test_vit", num_classes=5)
    put(shelf, "heads", TOML + 'classes = ["a", "b"]', weights(files))
    assert "of another shape head.weight [5, 64] instead of [2, 64]" in sentence("local:heads")


@pytest.mark.parametrize(
    "name", ["model.pth", "pytorch_model.bin", "last.ckpt", "x.th", "best.pth.tar"]
)
def test_pickled_files_are_refused_with_the_command(
    name: str, shelf: Path, tiny_vit: Files
) -> None:
    there = checkpoints.pickled(weights(tiny_vit), name)
    put(shelf, "old", TOML, there)
    put(shelf, "named", f'{TOML}weights = "{name}"', there)
    for id, title in (("local:old", "old"), ("local:named", "named")):
        message = sentence(id)
        assert message.startswith(f"{title} has its weights only as {name}, a pickled file")
        assert f"`heedmap convert {name}`" in message


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("architecture = ", "bad/model.toml is not TOML, Invalid value"),
        ('architectur = "x"', "bad/model.toml has the unknown key 'architectur': use one of"),
        ("mean = [1]", "sets mean = [1]: it has to be three numbers from 0 to 1."),
        ("mean = [123.7, 116.3, 103.5]", "sets mean = [123.7, 116.3, 103.5]: it has to be three"),
        ("mean = [nan, 0.5, 0.5]", "sets mean = [nan, 0.5, 0.5]: it has to be three numbers"),
        ("std = [0, 0, 0]", "sets std = [0, 0, 0]: it has to be three numbers above 0, up to 1."),
        ("size = -5", "sets size = -5: it has to be a whole number of pixels from 1 to 1036."),
        ("size = true", "sets size = True: it has to be a whole number of pixels"),
        ("crop_pct = 0", "sets crop_pct = 0: it has to be a number from 0.1 to 1."),
        ("crop_pct = inf", "sets crop_pct = inf: it has to be a number from 0.1 to 1."),
        ("classes = []", "sets classes = []: it has to be a list of names."),
        (
            'weights = "../other/x.safetensors"',
            "sets weights = '../other/x.safetensors': it has to be the name of a file in the same",
        ),
        (f'weights = "{"a" * 5000}/x"', "sets weights = 'aaa"),
        ("model_args.checkpoint_path = 'x'", "it has to be a table that names no other weights."),
        ('factory = "os.system"', 'it has to be "package.module:function".'),
        (
            'factory = "a:b"\narchitecture = "test_vit"',
            "bad/model.toml sets both architecture and factory: leave one of them out.",
        ),
        ('can = ["dance"]', "sets can = ['dance']: it has to be some of attention, contrastive"),
        ("classes = 3", "bad/model.toml sets classes = 3: it has to be a list of names."),
        ("architecture = 5", "bad/model.toml sets architecture = 5: it has to be a text."),
        ("", "bad has no architecture: name one of timm in bad/model.toml."),
        (
            "architecture = 'test_wit'",
            "timm knows no architecture 'test_wit': did you mean 'test_vit'?",
        ),
    ],
)
def test_a_wrong_model_toml_is_said(toml: str, message: str, shelf: Path, tiny_vit: Files) -> None:
    put(shelf, "bad", toml, weights(tiny_vit))
    assert "local:bad" in models.ids()
    assert message in sentence("local:bad")
    assert len(sentence("local:bad")) < 300


@pytest.mark.parametrize("config", [b"[]", b"{", b'"vit"', b"\xff\xfe"])
def test_one_bad_folder_breaks_no_other(
    config: bytes, shelf: Path, tiny_vit: Files, caplog: pytest.LogCaptureFixture
) -> None:
    local._warn.cache_clear()
    put(shelf, "bad", "", {"config.json": config})
    put(shelf, "mine", TOML, weights(tiny_vit))
    assert models.ids()[-2:] == ["local:bad", "local:mine"]
    assert models.load("local:mine").id == "local:mine"
    note = models.record("local:bad").note
    assert note.startswith("bad/config.json ")
    assert sentence("local:bad") == note
    assert [each.message for each in caplog.records] == [note]  # once, however often it is listed


def test_a_missing_file_is_said(shelf: Path) -> None:
    put(shelf, "empty", TOML, {})
    assert sentence("local:empty") == (
        "empty cannot be loaded, empty lacks model.safetensors: choose another checkpoint of this "
        "model."
    )


@pytest.mark.parametrize("value", ["nowhere", "~nouser", "a" * 5000])
def test_no_folder_means_no_models(
    value: str, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEEDMAP_MODELS", value)
    assert not [id for id in models.ids() if id.startswith("local:")]


def test_positions_are_resampled_once(shelf: Path) -> None:
    """A checkpoint trained at 8 x 8 patches is no 10 x 10 one that is shrunk again."""
    import timm
    import torch
    from safetensors.torch import save

    torch.manual_seed(0)
    module = timm.create_model("test_vit", img_size=128).eval()
    files = {"model.safetensors": save(module.state_dict())}
    put(shelf, "sized", TOML + "size = 128", files)
    put(shelf, "plain", TOML, files)
    assert models.probe("local:plain").size == 128
    pixels = torch.randn(1, 3, 128, 128)
    for id in ("local:sized", "local:plain"):
        adapter = models.load(id)
        assert adapter.size == 128
        assert torch.equal(adapter.module.pos_embed.float().cpu(), module.pos_embed)
        if build.precision() == torch.float32:
            assert torch.allclose(adapter.forward(pixels).cpu(), module(pixels), atol=1e-5)


def test_a_size_that_model_args_name_is_kept(shelf: Path) -> None:
    files = checkpoints.timm("test_vit", img_size=128)
    put(shelf, "larger", TOML + "[model_args]\nimg_size = 192", weights(files))
    assert models.load("local:larger").module.patch_embed.grid_size == (12, 12)


@pytest.mark.parametrize("value", ["nan", "inf"])
@pytest.mark.parametrize("name", ["blocks.1.attn.qkv.weight", "norm.bias"])
def test_weights_that_are_no_numbers_are_refused(
    name: str, value: str, shelf: Path, tiny_vit: Files
) -> None:
    put(shelf, "nan", TOML, weights(spoiled(tiny_vit, name, float(value))))
    assert sentence("local:nan") == (
        f"The weights of nan hold NaN, infinity or a negative variance in {name}: its training has "
        "diverged or the file is damaged, so take an earlier checkpoint."
    )


@pytest.mark.parametrize("value", ["nan", "-1"])
def test_statistics_that_cannot_be_are_refused(value: str, shelf: Path) -> None:
    files = checkpoints.timm("test_efficientnet")
    toml = 'architecture = "test_efficientnet"'
    put(shelf, "nan", toml, weights(spoiled(files, "bn1.running_var", float(value))))
    assert "a negative variance in bn1.running_var: " in sentence("local:nan")


def spoiled(files: Files, name: str, value: float) -> Files:
    """The same checkpoint with one number of a tensor changed."""
    from safetensors.torch import load, save

    tensors = load(files["model.safetensors"])
    tensors[name].view(-1)[-1] = value
    return {**files, "model.safetensors": save(tensors, {"format": "pt"})}


def test_a_config_without_architectures_is_enough(shelf: Path) -> None:
    import json

    import transformers as hf

    config = hf.ViTConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=64,
        intermediate_size=64, patch_size=16,
    )  # fmt: skip
    files = checkpoints.transformers(hf.ViTModel(config))
    said = json.loads(files["config.json"])
    del said["architectures"]
    put(shelf, "bare", "", {**files, "config.json": json.dumps(said).encode()})
    assert models.load("local:bare").depth == 2


PROCESSORS = {
    "[]": "own/preprocessor_config.json holds a list, not an object",
    '{"image_mean": [123, 116, 103], "image_std": 0.5}': "In the files of own, mean=(123, 116",
    '{"image_mean": 0.5, "image_std": 0.25, "crop_size": 64, "size": {"shortest_edge": 48}}': "",
}


@pytest.mark.parametrize("said", list(PROCESSORS))
def test_what_a_processor_says_is_checked(said: str, shelf: Path, tiny_clip: Files) -> None:
    put(shelf, "own", "", {**tiny_clip, "preprocessor_config.json": said.encode()})
    if PROCESSORS[said]:
        assert sentence("local:own").startswith(PROCESSORS[said])
        return
    how = models.load("local:own").preprocessing
    assert (how.mean, how.std, how.crop_pct) == ((0.5,) * 3, (0.25,) * 3, 1.0)


def test_your_own_dino_is_shown_as_its_script_shows_it(shelf: Path, tiny_vit: Files) -> None:
    put(shelf, "dino", f"{TOML}dino = true\n", weights(tiny_vit))
    assert models.load("local:dino").preprocessing.dino
    put(shelf, "wrong", f"{TOML}dino = 1\n", weights(tiny_vit))
    assert "dino = 1: it has to be true or false" in sentence("local:wrong")


TABLES = {
    "vit_tiny_patch16_224": ({"depth": 1, "embed_dim": 24, "num_heads": 2}, 96),
    "beit_base_patch16_224": ({"depth": 1, "embed_dim": 24, "num_heads": 2}, 96),
    "swin_tiny_patch4_window7_224": (
        {"embed_dim": 12, "depths": [1, 1, 1, 1], "num_heads": [1, 1, 2, 2]},
        128,
    ),
    "maxvit_tiny_tf_224": ({"depths": [1, 1, 1, 1]}, 128),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", list(TABLES))
def test_the_size_of_the_training_is_read_from_the_tables(shelf: Path, name: str) -> None:
    args, size = TABLES[name]
    window = {"window_size": size // 32} if "swin" in name else {}
    files = checkpoints.timm(name, num_classes=2, **args, img_size=size, **window)
    given = "".join(f"{key} = {value}\n" for key, value in args.items())
    toml = f'architecture = "{name}"\n[model_args]\nnum_classes = 2\n{given}'
    put(shelf, "mine", toml, weights(files))
    adapter = models.load("local:mine")
    assert models.probe("local:mine").size == adapter.size == size
    there = safetensors.torch.load(files["model.safetensors"])
    for key, value in adapter.module.state_dict().items():
        assert torch.equal(value, there[key]), f"{key} was resampled"
    whole = adapter.prepare(np.zeros((size, size, 3), np.uint8))
    assert viz.record_attention(adapter, whole).depth == adapter.depth
