<?php
// Written after the vendor document's collector.php (2.4.1): the delivery reports of a push, one line each; and the results of a request
// to send, as a PHP program reads them from XML or JSON (a query string of ?results=xml or ?results=json says which).
$postData = file_get_contents("php://input");
$wanted = $_GET["results"] ?? "";
if ($wanted === "json") {
    foreach (json_decode($postData, true, 16, JSON_THROW_ON_ERROR)["results"] as $result) {
        echo $result["status"], "|", $result["messageid"], "|", $result["destination"], "\n";
    }
    exit;
}
$dom = new DOMDocument();
$dom->loadXML($postData);
$xmlPath = new DOMXPath($dom);
if ($wanted === "xml") {
    foreach ($xmlPath->query("/results/result") as $node) {
        $parts = array();
        foreach (array("status", "messageid", "destination") as $name) {
            $parts[] = $node->getElementsByTagName($name)->item(0)->textContent;
        }
        echo implode("|", $parts), "\n";
    }
    exit;
}
foreach ($xmlPath->query("/DeliveryReport/message") as $node) {
    echo "<br>id: " . $node->getAttribute("id");
    echo "<br>sent: " . $node->getAttribute("sentdate");
    echo "<br>done: " . $node->getAttribute("donedate");
    echo "<br>status: " . $node->getAttribute("status");
    echo "<br>gsmerrcode: " . $node->getAttribute("gsmerrcode");
    echo "\n";
}
