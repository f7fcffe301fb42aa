#!/usr/bin/env python3
"""Runs examples/login under load, has Prometheus gather its numbers, asks it what each panel of grafana.json asks, and draws the answers.

    draw.py LOGIN PICTURE [SECONDS]

LOGIN is the program of examples/login. Needs Prometheus 2 and, of pip, matplotlib. Fails where a panel has nothing to show.
"""

import contextlib
import http.client
import json
import math
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

PEOPLE = 12
# Whom messages go to: how often, and how many of them answer. One country does not from half of the time on, and is sent more: pumping.
COUNTRIES = [("+64", 5, 0.9), ("+49", 3, 0.85), ("+371", 1, 0.9)]
E_MAIL = ("", 6, 0.95)
PUMPED = ("+371", 12, 0.02)
# What goes wrong, as parts of the whole time: from, to, and the fault as the doubles' control port takes it.
FAULTS = [
    (0.2, 0.3, {"provider": "corbado", "fault": "refuse_connections"}),
    (0.5, 0.6, {"provider": "corbado", "operation": "create", "fault": "slow", "ms": 300, "times": 0}),
    (0.7, 0.8, {"provider": "corbado", "operation": "create", "fault": "status", "status": 503, "probability": 0.5, "times": 0}),
]
RATE_INTERVAL = "10s"
STEP_S = 2


class Login:
    """The application, and its doubles."""

    def __init__(self, program):
        ports = [argument for name in ("--listen", "--doubles", "--numbers") for argument in (name, "127.0.0.1:0")]
        self.process = subprocess.Popen([program, *ports, "--resend-after", "1", "--client-ip-header", "x-forwarded-for"], stdout=subprocess.PIPE, text=True)
        self.at = {}
        while len(self.at) < 3:
            told = self.process.stdout.readline()
            if not told:
                sys.exit(f"{program} has not started")
            name, address = told.split()
            self.at[name] = urllib.parse.urlsplit(address)

    def connect(self, name):
        return http.client.HTTPConnection(self.at[name].hostname, self.at[name].port, timeout=30)

    def control(self, method, path, body=None):
        connection = self.connect("doubles")
        connection.request(method, path, body and json.dumps(body), {"content-type": "application/json"})
        reply = connection.getresponse()
        text = reply.read()
        assert reply.status < 300, f"{method} {path}: {reply.status} {text}"
        return text and json.loads(text)


class Person:
    """Somebody who signs up, with a browser that keeps cookies."""

    def __init__(self, login):
        self.login = login
        self.connection = login.connect("application")
        self.headers = {
            "content-type": "application/x-www-form-urlencoded",
            "origin": f"{login.at['application'].scheme}://{login.at['application'].netloc}",
            "user-agent": "Mozilla/5.0",
            "x-forwarded-for": ".".join(str(random.randrange(1, 255)) for _ in range(4)),
        }
        self.cookies = {}

    def post(self, path, **form):
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.connection.request("POST", path, urllib.parse.urlencode({"form": str(random.random()), **form}), {**self.headers, "cookie": cookies})
        reply = self.connection.getresponse()
        reply.read()
        for cookie in reply.headers.get_all("set-cookie") or []:
            name, _, rest = cookie.partition("=")
            self.cookies[name] = rest.split(";")[0]
        return reply.status

    def signs_up(self, country):
        prefix, _, answers = country
        number = random.randrange(10**7, 10**8)
        to, way = (f"{prefix}2{number}", "sms") if prefix else (f"p{number}@doe.com", "email")
        sent = self.post("/sign-up", by=way, name="P", to=to)
        if random.random() < 0.05:
            self.post("/sign-up", by=way, name="P", to=to)
        if sent != 303 or random.random() > answers:
            return
        time.sleep(random.uniform(0.2, 2))
        if random.random() < 0.1:
            self.post("/code", code="wrong")
        messages = self.login.control("GET", "/outbox?" + urllib.parse.urlencode({"to": to, "wait_s": 5}))
        if messages:
            self.post("/code", code=messages[-1]["code"])


def load(login, seconds):
    begun = time.monotonic()
    part = lambda: (time.monotonic() - begun) / seconds

    def people():
        while part() < 1:
            countries = [E_MAIL, *COUNTRIES[:2], PUMPED if part() > 0.5 else COUNTRIES[2]]
            [country] = random.choices(countries, [country[1] for country in countries])
            try:
                Person(login).signs_up(country)
            except (OSError, http.client.HTTPException) as error:
                print(f"a sign-up: {error}", file=sys.stderr)

    threads = [threading.Thread(target=people) for _ in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for start, end, fault in FAULTS:
        time.sleep(max(0, (start - part()) * seconds))
        login.control("POST", "/faults", fault)
        time.sleep(max(0, (end - part()) * seconds))
        login.control("DELETE", "/faults")
    for thread in threads:
        thread.join()


class Prometheus:
    """Gathers the numbers, and answers queries."""

    def __init__(self, target, folder):
        self.port = free_port()
        config = Path(folder, "prometheus.yml")
        config.write_text(
            f"global: {{scrape_interval: 1s}}\nscrape_configs:\n  - {{job_name: login, metrics_path: {target.path}, static_configs: [{{targets: ['{target.netloc}']}}]}}\n"
        )
        arguments = [f"--config.file={config}", f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=error"]
        self.process = subprocess.Popen(["prometheus", *arguments])

    def series(self, expression, start, end):
        query = urllib.parse.urlencode({"query": expression, "start": start, "end": end, "step": STEP_S})
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/query_range?{query}") as reply:
            return json.load(reply)["data"]["result"]


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def legend(form, labels):
    return re.sub(r"\{\{(\w+)\}\}", lambda name: labels.get(name[1], "-"), form) or "all"


def draw(dashboard, prometheus, start, end, picture):
    panels = dashboard["panels"]
    figure, places = plt.subplots(-(-len(panels) // 3), 3, figsize=(18, 3.4 * -(-len(panels) // 3)), layout="constrained")
    empty = []
    for place, panel in zip(places.flat, panels):
        shown = 0
        for target in panel["targets"]:
            expression = target["expr"].replace("$__rate_interval", RATE_INTERVAL).replace("$provider", ".*")
            for one in prometheus.series(expression, start, end):
                found = {float(at): float(value) for at, value in one["values"]}
                times = [start + STEP_S * step for step in range(int((end - start) / STEP_S) + 1)]
                values = [found.get(at, math.nan) for at in times]
                if any(0 < value < math.inf for value in values):
                    place.plot([at - start for at in times], values, linewidth=1.2, label=legend(target["legendFormat"], one["metric"]))
                    shown += 1
        shape = panel["fieldConfig"]["defaults"]
        unit = {"cps": "a second", "s": "seconds", "percentunit": "of 1"}[shape["unit"]]
        place.set_title(panel["title"], fontsize=11, loc="left")
        place.set_ylabel(unit, fontsize=8)
        for begun, ended, fault in FAULTS:
            place.axvspan(begun * (end - start), ended * (end - start), color="grey", alpha=0.12, linewidth=0)
        place.set_xlim(0, end - start)
        place.set_ylim(shape["min"], shape.get("max"))
        place.tick_params(labelsize=8)
        place.grid(alpha=0.3)
        if shown:
            place.legend(fontsize=7, loc="upper left", framealpha=0.7)
        else:
            empty.append(panel["title"])
    told = "; ".join(f"{fault['provider']} {fault['fault']} {fault.get('status', '')}".strip() for _, _, fault in FAULTS)
    figure.supxlabel(f"seconds; grey: {told}; from the middle on {PUMPED[0]} is pumped", fontsize=9)
    figure.savefig(picture, metadata={"Date": None})
    if empty:
        sys.exit("nothing to show: " + ", ".join(empty))


def main():
    program, picture = sys.argv[1:3]
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 240
    random.seed(1)
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "auth-challenge", "font.family": "sans-serif"})
    dashboard = json.loads(Path(__file__).with_name("grafana.json").read_text())
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as ended:
        login = Login(program)
        ended.callback(login.process.wait)
        ended.callback(login.process.terminate)
        prometheus = Prometheus(login.at["numbers"], folder)
        ended.callback(prometheus.process.wait)
        ended.callback(prometheus.process.terminate)
        time.sleep(3)
        start = int(time.time())
        load(login, seconds)
        draw(dashboard, prometheus, start, int(time.time()), picture)


main()
