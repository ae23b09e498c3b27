# AMBER on the CPU build of PyTorch: docker build -t amber . && docker run --rm amber
FROM python:3.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends make gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /amber
COPY . .
# The small build; make demo keeps it, as its version is the pinned one.
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu \
    && make .venv/.installed-demo && ln -s /amber/.venv/bin/amber /usr/local/bin/amber
CMD ["make", "demo"]
