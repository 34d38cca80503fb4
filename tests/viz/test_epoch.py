"""The figure of an epoch against the module itself, which is left as it was."""

from __future__ import annotations

import copy
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from heedmap import models, viz
from heedmap.errors import SettingError
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

NAMES = ("cat", "dog", "owl")
ROOT = Path(__file__).parent.parent.parent


class Net(nn.Module):
    """Three convolutions, batch norm, dropout."""

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 5, 3, padding=1, stride=2)
        self.conv3 = nn.Conv2d(5, 6, 3, padding=1)
        self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(6, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv2(self.norm(self.conv1(x)).relu()).relu()
        return self.head(self.conv3(x).relu().mean((2, 3)))


def net(channels: int = 3) -> Net:
    torch.manual_seed(0)
    return Net(channels).train()


def vit() -> nn.Module:
    torch.manual_seed(0)
    own = {"embed_dim": 32, "depth": 2, "num_heads": 2, "img_size": 32, "num_classes": 3}
    return timm.create_model("vit_tiny_patch16_224", patch_size=8, **own).train()


def loader(channels: int = 3, count: int = 6) -> DataLoader:
    torch.manual_seed(1)
    pixels = torch.randn(count, channels, 32, 48)
    return DataLoader(TensorDataset(pixels, torch.arange(count) % 3), batch_size=4)


def texts(figure) -> list[str]:
    """All words of a figure in their order, lines joined."""
    return [text.get_text().replace("\n", " ") for text in figure.texts]


def pictures(figure) -> list[np.ndarray]:
    return [axes.images[0].get_array() for axes in figure.axes]


@pytest.mark.parametrize("make", [net, vit])
def test_labels_and_predictions_are_those_of_the_module(make) -> None:
    module = make()
    figure = viz.epoch_figure(models.wrap(module, classes=NAMES), loader(), n=5)
    said = [text for text in texts(figure) if text.startswith("true")]
    module.eval()
    pixels = torch.cat([batch for batch, _ in loader()])
    with torch.no_grad():
        own = make().eval()
        shares = (own(pixels) if make is net else _resized(own)(pixels)).softmax(-1)
    assert len(said) == 5
    for i, text in enumerate(said):
        share, best = shares[i].max(-1)
        assert text == f"true: {NAMES[i % 3]}, predicted: {NAMES[best]} {100 * share:.0f} %"


def _resized(module: nn.Module) -> nn.Module:
    module.set_input_size((32, 48))
    return module


@pytest.mark.parametrize("make", [net, vit])
def test_the_module_stays_as_it_was(make) -> None:
    module = make()
    module.head.eval()  # a part that somebody froze
    before = {name: value.clone() for name, value in module.state_dict().items()}
    modes = [part.training for part in module.modules()]
    viz.epoch_figure(models.wrap(module, classes=NAMES), loader(), n=2)
    assert [part.training for part in module.modules()] == modes
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert not any(part._forward_hooks for part in module.modules())
    assert all(weight.grad is None and weight.requires_grad for weight in module.parameters())
    batch, labels = next(iter(loader()))
    if make is net:
        nn.functional.cross_entropy(module(batch), labels).backward()  # it still learns
        assert module.conv1.weight.grad is not None


def test_a_convnet_shows_the_strongest_channel_of_each_layer() -> None:
    module = net()
    with torch.no_grad():
        module.conv1.weight.zero_()
        module.conv1.bias.zero_()
        module.conv1.weight[2, 0, 1, 1] = 9  # channel 2 copies red
    red = torch.zeros(1, 3, 32, 48)
    red[0, 0, :8, 36:] = 1  # one bright block at the top right
    adapter = models.wrap(module, mean=(0, 0, 0), std=(1, 1, 1))
    figure = viz.epoch_figure(
        adapter, [(red, torch.tensor([1]))], n=1, layers=["conv1", "conv3"],
        overlay=viz.Overlay(colormap="gray", opacity=1.0),
    )  # fmt: skip
    assert next(t for t in texts(figure) if "channel" in t) == "conv1, channel 2"
    assert "true: 1" in texts(figure)
    photo, heat = (np.asarray(picture, float) for picture in pictures(figure)[:2])
    height, width = photo.shape[:2]
    inside = np.zeros((height, width), bool)
    inside[: height // 4, width * 3 // 4 :] = True
    assert photo[inside][:, 0].min() == 255
    assert photo[inside][:, 1:].max() == photo[~inside].max() == 0
    assert heat[inside].min() == 255
    assert heat[~inside].max() == 0


def last_layer(module: nn.Module, pixels: torch.Tensor) -> np.ndarray:
    """Attention from CLS, mean over heads, as the module's own eager code computes it: (4, 6)."""
    kept: list[torch.Tensor] = []
    own = _resized(copy.deepcopy(module).eval())
    eager = own.blocks[-1].attn
    eager.fused_attn = False
    eager.attn_drop.register_forward_hook(lambda _, i, o: kept.append(i[0][0]))
    with torch.no_grad():
        own(pixels)
    return kept[0].mean(0)[0, 1:].reshape(4, 6).numpy()


def test_a_vit_shows_the_mean_over_heads_of_its_last_layer() -> None:
    module = vit()
    adapter = models.wrap(module, classes=NAMES)
    batch, labels = next(iter(loader()))
    figure = viz.epoch_figure(
        adapter, [(batch, labels)], n=1, title="Epoch 3",
        overlay=viz.Overlay(colormap="gray", opacity=1.0),
    )  # fmt: skip
    drawn = pictures(figure)[1]
    wanted = viz.Overlay(colormap="gray", opacity=1.0)(
        np.zeros_like(drawn), last_layer(module, batch[:1])
    )
    assert np.abs(drawn.astype(int) - wanted).max() <= 1
    assert "layer 1, mean of 2 heads" in texts(figure)
    assert "Epoch 3" in texts(figure)
    assert any("attention from CLS" in text for text in texts(figure))


def test_the_sample_is_shown_in_its_own_colours() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (32, 48, 3), np.uint8)
    adapter = models.wrap(net(), mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4))
    pixels = torch.from_numpy((photo / 255 - [0.5, 0.4, 0.3]) / [0.2, 0.3, 0.4]).float()
    figure = viz.epoch_figure(adapter, [(pixels.movedim(-1, 0)[None], [0])], n=1)
    assert np.array_equal(pictures(figure)[0][::5, ::5], photo)


def test_gray_samples_are_shown() -> None:
    adapter = models.wrap(net(1), mean=(0.1,) * 3, std=(0.3,) * 3, classes=NAMES)
    figure = viz.epoch_figure(adapter, loader(channels=1), n=1)
    photo = pictures(figure)[0]
    assert np.array_equal(photo[..., 0], photo[..., 2])
    assert photo.std() > 0


def test_no_batch_is_read_that_is_not_needed() -> None:
    taken: list[int] = []

    def batches() -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for i, batch in enumerate(loader(count=12)):
            taken.append(i)
            yield tuple(batch)

    adapter = models.wrap(net(), classes=NAMES)
    assert samples(viz.epoch_figure(adapter, batches(), n=8)) == 8
    assert taken == [0, 1]
    assert samples(viz.epoch_figure(adapter, loader(count=2), n=8)) == 2


def samples(figure) -> int:
    return len([text for text in texts(figure) if text.startswith("true")])


def test_every_colour_bar_has_numbers() -> None:
    module = vit()
    adapter = models.wrap(module, classes=NAMES)
    batch, _ = next(iter(loader()))
    figure = viz.epoch_figure(adapter, loader(), n=3)
    maps = [last_layer(module, pixels[None]) for pixels in batch[:3]]
    assert numbers(figure) == pytest.approx(
        [end for heat in maps for end in (heat.min(), heat.max())], rel=5e-3
    )
    assert any("each map on its own scale" in text for text in texts(figure))
    fixed = viz.epoch_figure(adapter, loader(), n=3, overlay=viz.Overlay(limits=(0, 0.5)))
    assert numbers(fixed) == [0, 0.5]
    assert any("one scale for all maps" in text for text in texts(fixed))


def numbers(figure) -> list[float]:
    return [float(text) for text in texts(figure) if re.fullmatch(r"[-.\de]+", text)]


@pytest.mark.parametrize(
    ("batches", "n", "word"),
    [
        ([], 2, "no sample"),
        ([(torch.zeros(1, 3, 8, 8), torch.tensor([0]))], 0, "n=0"),
        ([torch.zeros(1, 3, 8, 8)], 1, "Tensor"),
        ([(torch.zeros(1, 3, 8, 8), torch.tensor([0.5]))], 1, "index"),
        ([(torch.zeros(1, 3, 8, 8), torch.tensor([7]))], 1, "label 7"),
        ([(torch.zeros(1, 3, 8, 8), ["cat"])], 1, "whole numbers, these are .'cat'."),
        ([(torch.zeros(1, 3, 8, 8), None)], 1, "whole numbers, these are None"),
        ([(torch.zeros(1, 3, 8, 8, dtype=torch.uint8), [0])], 1, "float, normalised"),
        ([(torch.full((1, 3, 8, 8), torch.nan), [0])], 1, "not finite: check the loader"),
        ([], "a", "n='a' samples cannot be shown: choose 1 or more"),
        (None, 1, "this is None: give a DataLoader"),
    ],
)
def test_a_wrong_loader_is_one_sentence(batches, n: int, word: str) -> None:
    with pytest.raises(SettingError, match=word):
        viz.epoch_figure(models.wrap(net(), classes=NAMES), batches, n=n)


@pytest.mark.parametrize(
    ("adapter", "settings", "word"),
    [
        (net(), {}, "this is a Net: give models.wrap"),
        (None, {}, "this is a NoneType: give models.wrap"),
        (models.wrap(net()), {"layers": "conv1"}, "Layers are a list, this is 'conv1'"),
        (models.wrap(net()), {"layers": ["conv9"]}, "no layer 'conv9'"),
        (models.wrap(net()), {"overlay": "magma"}, "this is 'magma': give a viz.Overlay"),
        (models.wrap(net()), {"title": None}, "A title is text, this is None"),
    ],
)
def test_a_wrong_setting_is_one_sentence(adapter, settings: dict, word: str) -> None:
    with pytest.raises(SettingError, match=word):
        viz.epoch_figure(adapter, loader(), n=1, **settings)


def test_features_are_not_taken_for_predictions() -> None:
    module = net()
    module.head = nn.Identity()
    with pytest.raises(SettingError, match="6 numbers"):
        viz.epoch_figure(models.wrap(module, classes=NAMES), loader(), n=1)


@pytest.mark.slow
def test_the_page_on_training_loops_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "training-loop.md").read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    script = tmp_path / "loop.py"
    script.write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    runpy.run_path(
        str(script),
        {"loader": loader(), "names": NAMES, "cnn": net(), "vit": vit(), "epochs": 2,
         "train": lambda model: float(model.train().training)},
    )  # fmt: skip
    made = sorted(path.name for path in tmp_path.glob("*.png"))
    assert made == ["cnn-0.png", "cnn-1.png", "vit-0.png", "vit-1.png"]
    assert "My run" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert all(len(viz.open_image(tmp_path / name)) > 300 for name in made)
