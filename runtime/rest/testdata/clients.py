# Asks a server with two clients of Kafka Connect's REST API, and prints what
# each call gives, a line of JSON each.
import json, sys, time
from kafka_connect import KafkaConnect
from kafka_connect_api.kafka_connect_api import Api, Cluster

host, port, user, password, source = sys.argv[1:]


def show(what, call):
    try:
        given = call()
    except Exception as e:
        status = getattr(getattr(e, "response", None), "status_code", None) or getattr(e, "code", None)
        given = {"error": type(e).__name__, "status": status}
    print(json.dumps({"what": what, "given": given}))


def arrive(what, call, wanted):
    """Shows what a wish has led to: it is kept at once, and fulfilled later."""
    end = time.time() + 120
    while True:
        try:
            done = wanted(call())
        except Exception:
            done = False
        if done or time.time() > end:
            return show(what, call)
        time.sleep(0.02)


c = KafkaConnect(url="http://%s:%s" % (host, port), auth="%s:%s" % (user, password))
show("cluster", c.get_cluster_info)
show("names", c.list_connectors)
show("running", lambda: c.list_connectors(state="running"))
show("info", lambda: sorted(c.list_connectors(expand="info")))
show("connector", lambda: c.get_connector("src"))
show("config", lambda: c.get_connector_config("src"))
show("create", lambda: c.create_connector({"name": "new", "config": {**c.get_connector_config("src"), "name": "new"}}))
show("update alike", lambda: c.update_connector("src", c.get_connector_config("src"))["name"])
show("update", lambda: c.update_connector("src", {**c.get_connector_config("src"), "topic": "other"}))
show("pause", lambda: c.pause_connector("src"))
arrive("paused", lambda: c.get_connector_status("src")["connector"]["state"], lambda s: s == "PAUSED")
show("stop", lambda: c.stop_connector("src"))
arrive("stopped", lambda: c.get_connector_status("src"), lambda s: s["connector"]["state"] == "STOPPED")
show("resume", lambda: c.resume_all_connectors())
arrive("resumed", lambda: c.get_connector_task_status("src", 0)["state"], lambda s: s == "RUNNING")
show("restart", lambda: c.restart_connector("src"))
show("restart all", lambda: c.restart_connector("src", include_tasks=True))
show("tasks", lambda: [t["id"] for t in c.list_connector_tasks("src")])
arrive("task", lambda: c.get_connector_task_status("src", 0)["state"], lambda s: s == "RUNNING")
show("restart task", lambda: c.restart_connector_task("src", 0))
show("no task", lambda: c.restart_connector_task("src", 7))
show("topics", lambda: c.list_connector_topics("src"))
show("reset topics", lambda: c.reset_connector_topics("src"))
show("plugins", lambda: [p["type"] for p in c.list_connector_plugins()])
show("validate", lambda: c.validate_connector_config(source, {"connector.class": source, "name": "x"})["error_count"])
show("delete", lambda: c.delete_connector("src"))
show("unknown", lambda: c.get_connector("nope"))
show("stranger", lambda: KafkaConnect(url="http://%s:%s" % (host, port)).list_connectors())

cluster = Cluster(Api(host, port=int(port), username=user, password=password))
show("version", lambda: cluster.version)
src = cluster.connectors["src"]
show("class", lambda: src.connector_class)
arrive("state", lambda: src.state, lambda s: s == "RUNNING")
show("exists", lambda: src.exists())
show("exists not", lambda: type(src)(cluster, "nope").exists())
show("cycle", lambda: src.cycle_connector())
arrive("task states", lambda: [t.state for t in src.tasks], lambda s: s == ["RUNNING"])
show("root level", lambda: cluster.root_logger["level"])
show("set level", lambda: sorted(cluster.set_logger_log_level("root", "DEBUG")))
show("level set", lambda: cluster.root_logger["level"])
