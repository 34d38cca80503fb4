# Heedmap as a container: the app, its bundled models and the CPU build of PyTorch.
#
#   docker build --build-arg TORCH_INDEX=URL -t heedmap .     # URL: PyTorch's index of CPU builds
#   docker run --rm -p 7860:7860 --read-only --tmpfs /tmp -v heedmap:/data heedmap
#
# Without TORCH_INDEX pip takes its default build, which on x86 brings CUDA and several gigabytes.
# With --build-arg REQUIREMENTS=requirements-cluster.txt the image can also be an engine.

FROM python:3.11-slim AS build
ARG TORCH_INDEX=""
ARG REQUIREMENTS=requirements-s3.txt
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/heedmap
ENV PATH=/opt/heedmap/bin:$PATH
WORKDIR /src
COPY requirements.txt requirements-s3.txt requirements-cluster.txt ./
RUN pip install ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} $(grep -E '^torch(vision)?==' requirements.txt) \
    && pip install -r "$REQUIREMENTS"
COPY . .
RUN pip install "setuptools>=77" && pip install --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 1000 --no-create-home --home-dir /tmp heedmap && install -d -o heedmap /data
COPY --from=build /opt/heedmap /opt/heedmap
# /data holds what stays: shared photos and downloaded models. All else is written to /tmp.
ENV PATH=/opt/heedmap/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1 \
    HEEDMAP_STORE=/data/photos HF_HOME=/data/hub
USER heedmap
VOLUME /data
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "-m", "heedmap.serving.health", "7860"]
ENTRYPOINT ["heedmap", "--no-browser", "--address", "0.0.0.0", "--port", "7860"]
